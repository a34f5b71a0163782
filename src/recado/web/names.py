"""What people and chats are called on a page: a readable name, a number as it is written, initials, a colour."""

from __future__ import annotations

import unicodedata
from typing import Final
from uuid import UUID

import phonenumbers

from recado.domain.chats import Chat
from recado.domain.contacts import Contact

from .look import Look

LONGEST: Final = 80
HUES: Final = 8
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
_MARKS_IN_A_ROW: Final = 4


def person_name(contact: Contact, look: Look) -> str:
    """Their name, else their number, else that they have none; never empty."""
    known = _readable(contact.shown_name) or shown_phone(contact.phone_number)
    return known or look.t("chats.no_name", digits=(contact.lid or "").partition("@")[0][-4:] or "?")


def chat_name(chat: Chat, look: Look) -> str:
    """The name of a group or of the person; never empty."""
    if chat.contact is not None:
        return _readable(chat.name) or person_name(chat.contact, look)
    return _readable(chat.name) or look.t(f"chats.kind.{chat.kind}")


def shown_phone(phone: str | None) -> str:
    """`+55 11 98888-7777`; empty without one."""
    if not phone:
        return ""
    try:
        number = phonenumbers.parse(f"+{phone}")
    except phonenumbers.NumberParseException:
        return f"+{phone}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def initials(name: str) -> str:
    """One or two letters of it, or its first sign; empty for a number."""
    words = [word for word in name.split() if word[0].isalpha()]
    if not words:
        first = name[:1]
        return "" if not first or first in "+~" or first.isdigit() else first
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def hue(id: UUID) -> int:
    """One of eight colours, always the same for that id."""
    return 1 + id.int % HUES


def _readable(name: str | None) -> str:
    """In one line, without signs that nobody sees and that change how others are shown; at most 80 characters."""
    kept: list[str] = []
    marks = 0
    for sign in (name or "")[: 20 * LONGEST]:
        category = unicodedata.category(sign)
        marks = marks + 1 if category == "Mn" else 0
        if category in _UNSEEN and sign != "\u200d":
            sign = " " if sign in "\n\t" else ""
        if marks <= _MARKS_IN_A_ROW:
            kept.append(sign)
    said = " ".join("".join(kept).split()).strip("\u200d")
    while said and unicodedata.category(said[0]).startswith("M"):
        said = said[1:].lstrip()
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
