"""What the details of some kinds say in a few words: whose card, which question, how much money."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from .labels import KINDS, STUBS
from .timeline import Language

Details: TypeAlias = Mapping[str, Any]
Part: TypeAlias = Callable[[Details, Language], str | None]

_DAY: Final = 86_400


def _in(language: Language, en: str, pt: str) -> str:
    return pt if language == "pt" else en


def _group(details: Details, name: str) -> Details:
    value = details.get(name)
    return value if isinstance(value, Mapping) else {}


def _within(group: str, name: str) -> Part:
    """A text at that place of the details."""

    def part(details: Details, _: Language) -> str | None:
        value = _group(details, group).get(name)
        return value if isinstance(value, str) else None

    return part


def _contacts(details: Details, language: Language) -> str | None:
    contacts = details.get("contacts") or []
    if len(contacts) > 1:
        return _in(language, f"{len(contacts)} contacts", f"{len(contacts)} contatos")
    return next((one.get("name") for one in contacts), None)


def _reaction(details: Details, language: Language) -> str | None:
    if "reaction" not in details:
        return None
    emoji = details["reaction"]
    if not emoji:
        return _in(language, "Removed a reaction", "Removeu uma reação")
    return _in(language, f"Reacted {emoji}", f"Reagiu com {emoji}")


def _album(details: Details, language: Language) -> str | None:
    album = _group(details, "album")
    images, videos = album.get("images"), album.get("videos")
    told = [
        _in(language, f"{images} photos", f"{images} fotos") if images else None,
        _in(language, f"{videos} videos", f"{videos} vídeos") if videos else None,
    ]
    return ", ".join(filter(None, told)) or None


def _call(details: Details, language: Language) -> str | None:
    call = _group(details, "call")
    if isinstance(call.get("title"), str):
        return str(call["title"])
    en, pt = ("video call", "Ligação de vídeo") if call.get("is_video") else ("voice call", "Ligação de voz")
    match call.get("outcome"):
        case "missed":
            return _in(language, f"Missed {en}", f"{pt} perdida")
        case "rejected":
            return _in(language, f"Declined {en}", f"{pt} recusada")
    return _in(language, en.capitalize(), pt)


def _order(details: Details, language: Language) -> str | None:
    items = _group(details, "order").get("items")
    return _in(language, f"Order: {items} items", f"Pedido: {items} itens") if items else None


def _payment(details: Details, language: Language) -> str | None:
    payment = _group(details, "payment")
    if "amount" not in payment:
        return None
    money = f"{payment.get('currency', '')} {payment['amount']}".strip()
    if payment.get("step") == "requested":
        return _in(language, f"Payment request: {money}", f"Pedido de pagamento: {money}")
    return _in(language, f"Payment: {money}", f"Pagamento: {money}")


def _pin(details: Details, language: Language) -> str | None:
    is_undone = details.get("is_pinned") is False
    return _in(language, "Unpinned a message", "Desafixou uma mensagem") if is_undone else None


def _keep(details: Details, language: Language) -> str | None:
    is_undone = details.get("is_kept") is False
    return _in(language, "No longer keeps a message", "Deixou de manter uma mensagem") if is_undone else None


def _setting(details: Details, language: Language) -> str | None:
    seconds = details.get("ephemeral_seconds")
    if details.get("setting") != "ephemeral_setting" or not isinstance(seconds, int):
        return None
    if seconds == 0:
        return _in(language, "Disappearing messages are off", "Mensagens temporárias desativadas")
    days = max(1, round(seconds / _DAY))
    return _in(language, f"Messages disappear after {days} d", f"As mensagens somem depois de {days} d")


def _stub(details: Details, language: Language) -> str | None:
    type = details.get("type")
    label = STUBS.get(type) if isinstance(type, str) else None
    return label.said(language) if label else None


PARTS: Final[dict[str, Part]] = {
    "contactMessage": _contacts,
    "contactsArrayMessage": _contacts,
    "locationMessage": _within("location", "name"),
    "groupInviteMessage": _within("group_invite", "name"),
    "newsletterAdminInviteMessage": _within("newsletter_invite", "name"),
    "newsletterFollowerInviteMessageV2": _within("newsletter_invite", "name"),
    "stickerPackMessage": _within("sticker_pack", "name"),
    "eventMessage": _within("event", "name"),
    "eventInviteMessage": _within("event", "name"),
    "productMessage": _within("product", "title"),
    "musicMessage": _within("music", "title"),
    "listMessage": _within("list", "title"),
    "reactionMessage": _reaction,
    "albumMessage": _album,
    "callLogMesssage": _call,
    "scheduledCallCreationMessage": _call,
    "bcallMessage": _call,
    "orderMessage": _order,
    "requestPaymentMessage": _payment,
    "sendPaymentMessage": _payment,
    "splitPaymentMessage": _payment,
    "pinInChatMessage": _pin,
    "keepInChatMessage": _keep,
    "protocolMessage": _setting,
    "stub": _stub,
    **{kind: _within("poll", "question") for kind in KINDS if kind.startswith(("pollCreation", "pollResult"))},
}
"""By kind."""
