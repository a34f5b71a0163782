"""What has changed in the list of chats and in the conversation that is open, as pieces of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from markupsafe import Markup

from recado.domain import events as told
from recado.domain.contacts import Contact
from recado.domain.errors import NotFound
from recado.domain.events import LoggedEvent
from recado.domain.instances import Instance
from recado.domain.overviews import ChatOverview

from .bubbles import bubbles_of, days_of
from .chat_rows import Lister, matching
from .conversation import beginning_of, conversation_of, reader_of
from .names import person_name
from .page import Page

TYPES: Final = frozenset(
    {
        told.INSTANCE_STATE, told.INSTANCE_REMOVED, told.MESSAGE_RECEIVED, told.MESSAGE_QUEUED, told.MESSAGE_SENT,
        told.MESSAGE_FAILED, told.MESSAGE_STATUS, told.MESSAGE_EDITED, told.MESSAGE_DELETED, told.HISTORY_PROGRESS,
        told.CHAT_MERGED, told.CHAT_UPDATED, told.CHAT_TYPING, told.CONTACT_MERGED, told.CONTACT_UPDATED,
        told.CONTACTS_SYNCED, told.GROUP_JOINED, told.GROUP_LEFT, told.GROUP_UPDATED, told.GROUP_MEMBERS,
    }
)  # fmt: skip
_WHOLE: Final = frozenset({told.HISTORY_PROGRESS, told.CONTACTS_SYNCED})
_ABOUT_THE_CHAT: Final = frozenset(
    {told.CHAT_UPDATED, told.CHAT_MERGED, told.GROUP_JOINED, told.GROUP_LEFT, told.GROUP_UPDATED, told.GROUP_MEMBERS}
)
_FIRST: Final = 12


async def pieces(
    page: Page, drawing: Lister, events: Sequence[LoggedEvent], chat_id: UUID | None, owner: Instance | None
) -> str:
    """`owner` is the instance of the open chat."""
    drawn = await _list(page, drawing, events)
    if chat_id is not None and owner is not None:
        drawn += await _thread(page, drawing, events, chat_id, owner)
    return Markup("\n").join(drawn)


async def _list(page: Page, drawing: Lister, events: Sequence[LoggedEvent]) -> list[Markup]:
    inbox, wanted = page.services.inbox, drawing.wanted
    if wanted.show == "people":
        return []
    chats = {event.chat_id for event in events if event.chat_id is not None and event.type != told.CHAT_TYPING}
    drawn = [_gone(f"chat-{event.data['merged_id']}") for event in events if event.type == told.CHAT_MERGED]
    if any(event.type in _WHOLE for event in events):
        owner = await inbox.instance(page.access, wanted.instance) if wanted.instance is not None else None
        first = await inbox.chats(page.access, owner, limit=_FIRST, **wanted.options)
        drawn += [page.part("chat_row", row=row) for row in drawing.chats(first)]
    people = _people(events)
    if not chats and not people:
        return drawn
    listed = await inbox.some(page.access, chats, people)
    fitting, others = matching(listed.page.items, wanted)
    listed.page.items[:] = fitting
    drawn += [page.part("chat_row", row=row) for row in drawing.chats(listed)]
    return drawn + [_gone(f"chat-{id}") for id in others]


async def _thread(
    page: Page, drawing: Lister, events: Sequence[LoggedEvent], chat_id: UUID, owner: Instance
) -> list[Markup]:
    mine = [event for event in events if event.chat_id == chat_id]
    others = [event for event in events if event.instance_id == owner.id and event.chat_id is None]
    if any(event.type == told.INSTANCE_REMOVED for event in others):
        return [
            page.part("thread_notice", chat_id=chat_id, key="chats.instance_removed", who=owner.instance_name, href="")
        ]
    merged = next((event for event in others + list(events) if _is_merged(event, chat_id)), None)
    if merged is not None:
        href = f"/chats/{merged.data['chat_id']}{drawing.wanted.query}"
        return [page.part("thread_notice", chat_id=chat_id, key="chats.merged", who="", href=href)]
    if not mine and not others:
        return []
    try:
        row = await page.services.chats.get(owner, chat_id)
    except NotFound:
        return []
    drawn = await _messages(page, owner, chat_id, mine)
    now = await page.services.inbox.instance(page.access, owner.id) or owner
    if others or any(event.type in _ABOUT_THE_CHAT for event in mine):
        drawn += await _surroundings(page, drawing, now, row, others)
    drawn.append(page.part("thread_state", chat_id=chat_id, unread=_unread(row)))
    return drawn + _typing(page, chat_id, mine)


async def _messages(page: Page, owner: Instance, chat_id: UUID, events: Sequence[LoggedEvent]) -> list[Markup]:
    said = [event.data for event in events if event.type.startswith("message.")]
    ids = {UUID(data["id"]) for data in said if "id" in data}
    targets = {data["target_wa_id"] for data in said if data.get("target_wa_id")}
    if not ids and not targets:
        return []
    window = await page.services.threads.some(owner, chat_id, ids, targets)
    bubbles = bubbles_of(window, reader_of(page, owner, window))
    drawn = [page.part("day", chat_id=chat_id, day=day) for day in days_of(bubbles)]
    return drawn + [page.part("bubble", bubble=bubble) for bubble in bubbles]


async def _surroundings(
    page: Page, drawing: Lister, owner: Instance, row: ChatOverview, others: Sequence[LoggedEvent]
) -> list[Markup]:
    """What stands around the messages: the head, what is said above the field, what is known of the beginning."""
    conversation = await conversation_of(page, owner, row, drawing.wanted)
    drawn = [
        page.part("thread_head", conversation=conversation),
        page.part("composer_note", chat_id=row.chat.id, note=conversation.note),
    ]
    if any(event.type in (told.HISTORY_PROGRESS, told.INSTANCE_STATE) for event in others):
        drawn.append(page.part("thread_start", beginning=await beginning_of(page, owner, row)))
    return drawn


def _typing(page: Page, chat_id: UUID, events: Iterable[LoggedEvent]) -> list[Markup]:
    """Who writes, which is kept nowhere: the event itself says it. A message ends it."""
    name, state = None, ""
    for event in events:
        if event.type == told.CHAT_TYPING:
            state = event.data["state"]
            name = _name_in(event.data["sender"], page)
        elif event.type == told.MESSAGE_RECEIVED and name is None:
            name = ""
    return [page.part("typing", chat_id=chat_id, who=name, state=state)] if name is not None else []


def _name_in(data: dict[str, Any], page: Page) -> str:
    contact = Contact(
        id=UUID(data["id"]), instance_id=UUID(int=0), phone_number=data["phone_number"], lid=data["lid"],
        name=data["name"],
    )  # fmt: skip
    return person_name(contact, page.look)


def _people(events: Iterable[LoggedEvent]) -> set[UUID]:
    of = (told.CONTACT_UPDATED, told.CONTACT_MERGED)
    return {UUID(event.data["contact"]["id"]) for event in events if event.type in of}


def _is_merged(event: LoggedEvent, chat_id: UUID) -> bool:
    return event.type == told.CHAT_MERGED and event.data["merged_id"] == str(chat_id)


def _gone(id: str) -> Markup:
    return Markup('<del id="{}"></del>').format(id)


def _unread(row: ChatOverview) -> int:
    return max(row.chat.unread_count, int(row.is_marked_unread))
