"""A message as the conversation shows it: whose it is, when, what it says, what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Final
from uuid import UUID

from markupsafe import Markup

from recado.domain.chats import Chat
from recado.domain.contacts import Contact
from recado.domain.failures import failure_of
from recado.domain.instances import Instance
from recado.domain.jid import Identity, identity_of
from recado.domain.messages import Message, Reaction
from recado.domain.summaries import one_line, quoted_line, summary
from recado.services.reading.threads import People, Window

from .cards import Card, ad_of, card_of
from .look import Look
from .names import hue, person_name, shown_phone
from .words import ALL
from .written import folded, written

_EARLIEST: Final = 1 << 63
_REACTIONS: Final = 8
_NAMES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a message answers. `wa_id` leads to it."""

    wa_id: str
    name: str
    hue: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Emoji:
    """The same reaction of one or more people, who are named in `names`."""

    emoji: str
    count: int
    names: str
    is_mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What stands before the first message of a day."""

    key: str
    order: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """`order` sorts as the conversation does. `writer` is the same for messages of one person; `name` is for groups.

    `note` is what happened in the chat without anybody writing; `text` what was written, `more` how long it is in all
    when only its beginning is shown. `status` is empty for what others wrote.
    """

    id: UUID
    wa_id: str
    chat_id: UUID
    order: str
    day: Day
    clock: str
    full: str
    iso: str
    is_mine: bool
    writer: str
    name: str
    hue: int
    note: str
    text: Markup
    more: int
    card: Card | None
    quote: Quote | None
    ad: str
    is_deleted: bool
    is_edited: bool
    is_forwarded: bool
    reactions: tuple[Emoji, ...]
    status: str
    failure: str
    advice: str
    said: str
    follows: bool = False

    @property
    def can_be_quoted(self) -> bool:
        return not self.note and not self.is_deleted and self.status not in ("queued", "sending", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What bubbles are drawn with: how the page looks, whose number it is, and who is named in the window."""

    look: Look
    instance: Instance
    people: People
    now: datetime


def bubbles_of(window: Window, reader: Reader, *, whole: bool = False) -> list[Bubble]:
    """In their order; `whole`: long texts are not folded."""
    drawn = [bubble_of(message, window.chat, reader, whole=whole) for message in window.messages]
    return [replace(one, follows=_follows(before, one)) for before, one in zip([None, *drawn], drawn, strict=False)]


def days_of(bubbles: Iterable[Bubble]) -> list[Day]:
    """The days that these messages are of, each once."""
    return list({bubble.day.key: bubble.day for bubble in bubbles}.values())


def bubble_of(message: Message, chat: Chat, reader: Reader, *, whole: bool = False) -> Bubble:
    look, details = reader.look, message.details or {}
    is_deleted = bool(details.get("deleted"))
    is_note = message.kind == "stub" and not is_deleted
    text = message.text or ""
    card = card_of(message, look)
    if card is not None and card.title == text:
        text = ""
    shown, is_cut = (text, False) if whole else folded(text)
    failure, advice = _failure(message, look)
    sender = message.sender if chat.kind != "person" and not message.from_me else None
    return Bubble(
        id=message.id,
        wa_id=message.wa_id,
        chat_id=message.chat.id,
        order=_order(message.sent_at, message.tiebreak),
        day=_day(message.sent_at, reader),
        clock=look.clock(message.sent_at),
        full=look.full(message.sent_at),
        iso=message.sent_at.isoformat(),
        is_mine=message.from_me,
        writer="me" if message.from_me else str(message.sender.id) if message.sender else "",
        name=person_name(sender, look) if sender else "",
        hue=hue(sender.id) if sender else 0,
        note=summary(message, look.language) if is_note else "",
        text=Markup() if is_deleted or is_note else written(shown, _mentions(message, reader)),
        more=len(text) if is_cut else 0,
        card=card,
        quote=_quote(message, chat, reader),
        ad=ad_of(details, look),
        is_deleted=is_deleted,
        is_edited=message.edited_at is not None and not is_deleted,
        is_forwarded=bool(details.get("is_forwarded")),
        reactions=_reactions(message.reactions or (), look),
        status=message.status if message.from_me else "",
        failure=failure,
        advice=advice,
        said=summary(message, look.language),
    )


def _follows(before: Bubble | None, one: Bubble) -> bool:
    """Whether it goes on what the same person has just said."""
    if before is None or before.note or one.note:
        return False
    return before.writer == one.writer and before.is_mine == one.is_mine and before.day.key == one.day.key


def _order(moment: datetime, tiebreak: int) -> str:
    return f"{round(moment.timestamp() * 1000):015d}-{tiebreak + _EARLIEST:020d}"


def _day(moment: datetime, reader: Reader) -> Day:
    day: date = moment.astimezone(reader.look.zone).date()
    start = datetime.combine(day, time(), reader.look.zone).astimezone(UTC)
    return Day(key=day.isoformat(), order=_order(start, -_EARLIEST), label=reader.look.day(moment, reader.now))


def _mentions(message: Message, reader: Reader) -> dict[str, str]:
    """Names by what stands behind an @ in the text."""
    named = (message.details or {}).get("mentions")
    found: dict[str, str] = {}
    for jid in named if isinstance(named, list) else []:
        identity = identity_of(jid) if isinstance(jid, str) else Identity()
        name = _name_of(identity, reader)
        for key in (identity.phone, (identity.lid or "").partition("@")[0]):
            if key and name:
                found[key] = name
    return found


def _name_of(identity: Identity, reader: Reader) -> str:
    if _is_own(identity, reader.instance):
        return reader.look.t("chats.you")
    contact = reader.people.get(identity)
    return person_name(contact, reader.look) if contact is not None else shown_phone(identity.phone)


def _is_own(identity: Identity, instance: Instance) -> bool:
    phone, lid = instance.phone_number, instance.lid
    return bool((phone and identity.phone == phone) or (lid and identity.lid and identity.lid == identity_of(lid).lid))


def _quote(message: Message, chat: Chat, reader: Reader) -> Quote | None:
    if message.quoted_wa_id is None or (message.details or {}).get("deleted"):
        return None
    quoted = (message.details or {}).get("quoted")
    jid = quoted.get("sender") if isinstance(quoted, Mapping) else None
    identity = identity_of(jid) if isinstance(jid, str) else Identity()
    contact = reader.people.get(identity)
    name = _name_of(identity, reader) if identity != Identity() else ""
    text = one_line(message.quoted_text) or quoted_line(message.details, reader.look.language)
    return Quote(
        wa_id=message.quoted_wa_id,
        name=name or reader.look.t("chats.quoted"),
        hue=hue(contact.id) if contact is not None and chat.kind != "person" else 0,
        text=text or reader.look.t("chats.quoted_unknown"),
    )


def _reactions(reactions: Sequence[Reaction], look: Look) -> tuple[Emoji, ...]:
    counts = Counter(one.emoji for one in reactions)
    return tuple(
        Emoji(
            emoji=emoji[:16],
            count=count,
            names=", ".join(_reactor(one.sender, look) for one in reactions[:200] if one.emoji == emoji)[: _NAMES * 40],
            is_mine=any(one.from_me for one in reactions if one.emoji == emoji),
        )
        for emoji, count in counts.most_common(_REACTIONS)
    )


def _reactor(sender: Contact | None, look: Look) -> str:
    return person_name(sender, look) if sender is not None else look.t("chats.you")


def _failure(message: Message, look: Look) -> tuple[str, str]:
    """Why it was given up, and what to do; empty when it was not."""
    if message.status != "failed":
        return "", ""
    code = message.error_code or ""
    key = f"chats.failure.{code}"
    if key in ALL:
        return look.t(key), look.t(f"{key}.advice") if f"{key}.advice" in ALL else ""
    known = failure_of(code)
    if known is None or code.startswith("server_"):
        return look.t("chats.failure.refused", code=code.removeprefix("server_") or "?"), message.error_detail or ""
    return known.meaning, known.advice
