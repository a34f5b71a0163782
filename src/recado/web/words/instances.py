"""What the list of instances says."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("Instances", "Instâncias"),
    "lead": ("One instance is one WhatsApp number.", "Cada instância é um número de WhatsApp."),
    "new": ("New instance", "Nova instância"),
    "search": ("Name or number", "Nome ou número"),
    "no_number": ("No number yet", "Ainda sem número"),
    "unread.one": ("1 unread", "1 não lida"),
    "unread.other": ("{count} unread", "{count} não lidas"),
    "unread.cut": ("{count}+ unread", "{count}+ não lidas"),
    "today.one": ("1 today", "1 hoje"),
    "today.other": ("{count} today", "{count} hoje"),
    "today.cut": ("{count}+ today", "{count}+ hoje"),
    "today_of": ("Messages today", "Mensagens hoje"),
    "last_activity": ("Last activity", "Última atividade"),
    "no_activity": ("No activity yet", "Ainda sem atividade"),
    "show_code": ("Show the code", "Mostrar o código"),
    "empty": ("Your first number", "Seu primeiro número"),
    "empty_help": (
        "Give it a name. Then a QR code appears: scan it with WhatsApp on the phone, and its conversations come here.",
        "Dê um nome a ele. Depois aparece um código QR: leia com o WhatsApp do celular, e as conversas vêm para cá.",
    ),
    "empty_read": (
        "There is no instance yet, and your key does not allow making one.",
        "Ainda não há nenhuma instância, e sua chave não permite criar uma.",
    ),
    "not_found": ("Nothing found for “{search}”", "Nada encontrado para “{search}”"),
    "show_all": ("Show all", "Mostrar todas"),
    "name": ("Name", "Nome"),
    "name_help": (
        "Small letters, digits, - and _; programs use it as an address. You can change it later.",
        "Letras minúsculas, números, - e _; os programas usam como endereço. Você pode mudar depois.",
    ),
    "create": ("Create and link a phone", "Criar e vincular um celular"),
}
