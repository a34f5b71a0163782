"""What stands around every page."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    "chats": ("Conversations", "Conversas"),
    "instances": ("Instances", "Instâncias"),
    "overview": ("Overview", "Visão geral"),
    "events": ("Events", "Eventos"),
    "webhooks": ("Webhooks", "Webhooks"),
    "keys": ("Keys", "Chaves"),
    "more": ("More", "Mais"),
    "main_menu": ("Main menu", "Menu principal"),
    "skip": ("Skip to the content", "Pular para o conteúdo"),
    "sign_out": ("Sign out", "Sair"),
    "language": ("Language", "Idioma"),
    "theme": ("Appearance", "Aparência"),
    "theme.auto": ("Like the system", "Como o sistema"),
    "theme.light": ("Light", "Claro"),
    "theme.dark": ("Dark", "Escuro"),
    "preferences": ("Preferences", "Preferências"),
    "offline": (
        "Recado does not answer. This page comes back by itself and misses nothing.",
        "O Recado não responde. Esta página volta sozinha e não perde nada.",
    ),
    "back_online": ("Recado is back.", "O Recado voltou."),
    "loading": ("Loading…", "Carregando…"),
    "close": ("Close", "Fechar"),
    "cancel": ("Cancel", "Cancelar"),
    "save": ("Save", "Salvar"),
    "search": ("Search", "Buscar"),
    "today": ("Today", "Hoje"),
    "yesterday": ("Yesterday", "Ontem"),
    "never": ("never", "nunca"),
    "copy": ("Copy", "Copiar"),
    "copied": ("Copied", "Copiado"),
    "show_more": ("Show more", "Mostrar mais"),
    "sent_twice": (
        "This form had been sent already; nothing was done a second time.",
        "Este formulário já tinha sido enviado; nada foi feito pela segunda vez.",
    ),
}
