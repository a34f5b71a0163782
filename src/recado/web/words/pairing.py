"""What the page says on which a phone is linked, with the menu words that the phone itself has."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("Link a phone to {name}", "Vincular um celular a {name}"),
    "qr": ("QR code to link the phone", "Código QR para vincular o celular"),
    "renews": ("New code in", "Código novo em"),
    "ends": ("Valid for", "Válido por"),
    "step.open": ("Open WhatsApp on the phone.", "Abra o WhatsApp no celular."),
    "step.menu": (
        "Tap ⋮ (Android) or Settings (iPhone), then Linked devices, then Link a device.",
        "Toque em ⋮ (Android) ou Configurações (iPhone), depois em Dispositivos conectados e em Conectar dispositivo.",
    ),
    "step.scan": ("Point the phone at this code.", "Aponte o celular para este código."),
    "step.type": (
        "Tap Link with phone number instead and type this code.",
        "Toque em Conectar com número de telefone e digite este código.",
    ),
    "code": ("Pairing code", "Código de pareamento"),
    "code_for": ("for {phone}", "para {phone}"),
    "other_way": ("No camera? Use a code", "Sem câmera? Use um código"),
    "other_way_help": (
        "Type the number of this WhatsApp; you get a code to type into the phone.",
        "Digite o número deste WhatsApp; você recebe um código para digitar no celular.",
    ),
    "phone": ("Phone number", "Número de telefone"),
    "phone_help": ("With country code: +55 11 99999-0000", "Com código do país: +55 11 99999-0000"),
    "get_code": ("Get a code", "Receber um código"),
    "back_to_qr": ("Use the QR code instead", "Usar o código QR"),
    "coming": ("The code is on its way…", "O código está chegando…"),
    "agreed": ("The phone has agreed", "O celular aceitou"),
    "agreed_help": (
        "Logging in. This page goes on by itself.",
        "Fazendo o primeiro acesso. Esta página continua sozinha.",
    ),
    "done": ("Connected", "Conectada"),
    "done_help": ("One moment: the instance opens.", "Um momento: a instância vai abrir."),
    "to_instance": ("Open the instance", "Abrir a instância"),
    "expired": ("The code is no longer valid", "O código não vale mais"),
    "expired_help": ("Nobody used it in time. A new one is one click away.", "Ninguém usou a tempo. Peça um novo."),
    "new_code": ("Show a new code", "Mostrar um código novo"),
    "idle": ("Ready to link a phone?", "Pronto para vincular um celular?"),
    "show_qr": ("Show the QR code", "Mostrar o código QR"),
    "failed": ("That did not work", "Não deu certo"),
    "waiting": ("WhatsApp cannot be reached right now", "Não dá para chegar ao WhatsApp agora"),
    "elsewhere": ("It cannot be linked right now", "Não dá para vincular agora"),
    "passkey": ("WhatsApp asks for a passkey", "O WhatsApp pede uma chave de acesso (passkey)"),
    "passkey_help": (
        "Confirm it on the phone. If the phone shows nothing, begin again and use the QR code.",
        "Confirme no celular. Se ele não mostrar nada, comece de novo e use o código QR.",
    ),
    "compare": ("Is it the same code on the phone?", "É o mesmo código no celular?"),
    "compare_help": ("Confirm it there if it is.", "Se for, confirme lá."),
    "begin_again": ("Begin again", "Começar de novo"),
    "read_only": (
        "Your key may look at this instance and not link it.",
        "Sua chave permite ver esta instância, mas não vincular.",
    ),
    "gone": ("This instance was removed", "Esta instância foi removida"),
    "gone_help": ("There is nothing to link any more.", "Não há mais o que vincular."),
    "to_list": ("To the instances", "Ir para as instâncias"),
}
