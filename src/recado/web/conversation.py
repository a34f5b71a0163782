"""A conversation on its page: whom it is with, a window of it, what its beginning is, and whether one may write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from uuid import UUID

from recado.domain.history import OlderMessages
from recado.domain.instances import Instance
from recado.domain.overviews import ChatOverview
from recado.domain.queue_view import Halt
from recado.domain.states import FINAL
from recado.services.reading.threads import Window

from .bubbles import Bubble, Reader, bubbles_of
from .chat_filter import ChatFilter
from .chat_rows import Face, face_of_chat
from .names import chat_name, shown_phone
from .page import Page

WINDOW: Final = 60
_HELD: Final = frozenset({"time_lock", "new_chats_refused"})

Composer = Literal["open", "reading", "left", "unsupported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What stands above the oldest message that is here. `state` is one of those of `beginning.*` in words/chats.py."""

    chat_id: UUID
    state: str
    count: int = 0

    @property
    def is_asking(self) -> bool:
        return self.state == "asked"

    @property
    def may_ask(self) -> bool:
        return self.state in ("ask", "answered", "nothing", "timeout", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`note` is what keeps a message from going out at once; `unread_from` the first bubble that nobody has read."""

    chat_id: UUID
    name: str
    about: str
    face: Face
    instance: Instance
    row: ChatOverview
    composer: Composer
    note: str
    unread: int
    wanted: ChatFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A window as it is drawn. `focus` is the message that it was opened at."""

    chat_id: UUID
    bubbles: Sequence[Bubble]
    has_older: bool
    has_newer: bool
    beginning: Beginning | None
    unread_from: UUID | None = None
    unread: int = 0
    focus: UUID | None = None


async def conversation_of(page: Page, instance: Instance, row: ChatOverview, wanted: ChatFilter) -> Conversation:
    chat = row.chat
    name = chat_name(chat, page.look)
    composer = _composer(page, row)
    return Conversation(
        chat_id=chat.id,
        name=name,
        about=_about(page, instance, row, name),
        face=face_of_chat(row, name),
        instance=instance,
        row=row,
        composer=composer,
        note=note_of(page, instance, row) if composer == "open" else "",
        unread=max(chat.unread_count, int(row.is_marked_unread)),
        wanted=wanted.with_(at=None),
    )


async def drawn(page: Page, instance: Instance, row: ChatOverview, window: Window, *, focus: str = "") -> Drawn:
    bubbles = bubbles_of(window, reader_of(page, instance, window))
    beginning = await beginning_of(page, instance, row) if not window.has_older else None
    at = next((one.id for one in bubbles if focus and focus in (str(one.id), one.wa_id)), None)
    shown = Drawn(
        chat_id=window.chat.id,
        bubbles=bubbles,
        has_older=window.has_older,
        has_newer=window.has_newer,
        beginning=beginning,
        focus=at,
    )
    return shown if window.has_newer or focus else _with_unread(shown, row.chat.unread_count)


async def beginning_of(page: Page, instance: Instance, row: ChatOverview) -> Beginning:
    """What is known of what came before, and whether the phone can be asked for it."""
    chat_id = row.chat.id
    if row.chat.kind not in ("person", "group") or not row.has_older:
        return Beginning(chat_id=chat_id, state="first" if not row.has_older else "here")
    asked = await page.services.histories.requests(instance, chat_id, limit=1)
    if asked and asked[0].state == "asked":
        return Beginning(chat_id=chat_id, state="asked")
    if row.last is None:
        return Beginning(chat_id=chat_id, state="here")
    if instance.status != "connected" or not page.access.may("messages:send"):
        return Beginning(chat_id=chat_id, state="offline" if instance.status != "connected" else "here")
    return _after(chat_id, asked)


def reader_of(page: Page, instance: Instance, window: Window) -> Reader:
    return Reader(look=page.look, instance=instance, people=window.people, now=page.now())


def note_of(page: Page, instance: Instance, row: ChatOverview) -> str:
    """What happens with a message that is written now, when it does not go at once; else empty."""
    halt = page.services.outgoing.halt(instance)
    if halt is None or not (halt.is_for_all or _is_new(row)):
        return ""
    return _held(page, instance, halt)


def _held(page: Page, instance: Instance, halt: Halt) -> str:
    name = instance.instance_name
    if not halt.is_for_all:
        until = page.look.full(halt.until) if halt.until is not None else ""
        key = halt.reason if halt.reason in _HELD else "held"
        return page.t(f"chats.note.{key}", until=until) if until else page.t("chats.note.held", until="?")
    if instance.state in FINAL:
        return page.t(f"chats.note.{instance.state}", name=name)
    if instance.state == "blocked" and halt.until is not None:
        return page.t("chats.note.blocked", name=name, until=page.look.full(halt.until))
    return page.t("chats.note.offline", name=name)


def _is_new(row: ChatOverview) -> bool:
    """Whether this side alone has spoken so far, as well as the list can tell."""
    return row.chat.kind == "person" and (row.last is None or row.last.from_me)


def _composer(page: Page, row: ChatOverview) -> Composer:
    if row.chat.kind not in ("person", "group"):
        return "unsupported"
    if row.left_at is not None:
        return "left"
    return "open" if page.access.may("messages:send") else "reading"


def _about(page: Page, instance: Instance, row: ChatOverview, name: str) -> str:
    """The line below the name: the number, or what kind of chat it is."""
    chat = row.chat
    if chat.contact is None:
        return page.t(f"chats.kind.{chat.kind}")
    phone = shown_phone(chat.contact.phone_number)
    said = phone if phone != name else ""
    push = chat.contact.push_name if chat.contact.name and chat.contact.push_name != chat.contact.name else ""
    return " · ".join(filter(None, [said, f"~{push[:60]}" if push else ""]))


def _after(chat_id: UUID, asked: Sequence[OlderMessages]) -> Beginning:
    """What became of the last request."""
    if not asked:
        return Beginning(chat_id=chat_id, state="ask")
    count = asked[0].messages or 0
    state = asked[0].state
    if state == "answered" and not count:
        return Beginning(chat_id=chat_id, state="nothing")
    return Beginning(chat_id=chat_id, state=state, count=count)


def _with_unread(shown: Drawn, unread: int) -> Drawn:
    """A line above the first of the last so many that others have written."""
    theirs = [one for one in shown.bubbles if not one.is_mine and not one.note]
    if not 0 < unread <= len(theirs):
        return shown
    first = theirs[-unread].id
    bubbles = [replace(one, follows=one.follows and one.id != first) for one in shown.bubbles]
    return replace(shown, bubbles=bubbles, unread_from=first, unread=unread)
