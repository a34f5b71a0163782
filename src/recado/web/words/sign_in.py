"""What the way in says."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("Sign in", "Entrar"),
    "lead": ("Your WhatsApp numbers, in one place.", "Seus números de WhatsApp em um só lugar."),
    "key": ("Key", "Chave"),
    "key_help": (
        "It begins with rcd_ and was shown when Recado first started.",
        "Começa com rcd_ e foi mostrada quando o Recado iniciou pela primeira vez.",
    ),
    "submit": ("Sign in", "Entrar"),
    "no_key": ("No key at hand?", "Sem a chave à mão?"),
    "no_key_help": (
        "On the computer where Recado runs, type this; it prints a link that signs you in:",
        "No computador onde o Recado roda, digite isto; ele mostra um link para entrar:",
    ),
    "ended": (
        "You were signed out. Sign in again to go on where you were.",
        "Sua sessão terminou. Entre de novo para continuar de onde estava.",
    ),
    "ended_here": (
        "You were signed out, so this was not done. What you wrote is kept.",
        "Sua sessão terminou, então isto não foi feito. O que você escreveu está guardado.",
    ),
    "again": ("Sign in again", "Entrar de novo"),
    "signed_out": ("You are signed out.", "Você saiu."),
}
