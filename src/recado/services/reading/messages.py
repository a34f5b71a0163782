"""Reading messages: page by page in both directions, one by one, by what is written in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from recado.domain.chats import Chat
from recado.domain.errors import Invalid, NotFound
from recado.domain.instances import Instance
from recado.domain.message_filter import MessageFilter
from recado.domain.messages import Message
from recado.domain.page import Page
from recado.domain.questions import Question, question_of
from recado.domain.snippets import Snippet, snippet_of
from recado.services.reading import marks
from recado.services.reading.chats import unknown_chat
from recado.services.reading.marks import Marks
from recado.store import chats, message_lists, messages, reactions, search
from recado.store.database import Database, Tx

EVERYTHING: Final = MessageFilter()
_PLACE: Final = (marks.time, marks.whole, marks.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A message that was found, and where in it."""

    message: Message
    snippet: Snippet | None


class Messages:
    """An id of something that was merged answers with what it was merged into. Pages begin with what is newest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self,
        instance: Instance,
        wanted: MessageFilter = EVERYTHING,
        *,
        chat_id: UUID | None = None,
        after: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Page[Message]:
        """Of a chat in the chat's order, of the whole instance in the order of writing.

        `after` leads on to older ones, `before` back to newer ones. Raises NotFound (no such chat), Invalid.
        """
        direction, cursor = _direction(after, before)
        async with self._database.transaction() as tx:
            chat = await _chat(tx, instance, chat_id) if chat_id is not None else None
            field = "before" if direction == "newer" else "after"
            place = _marks(instance, chat).read(cursor, *_readers(chat), field=field)
            found = await _read(tx, instance, chat, wanted, direction, place, limit + 1)
            items = found[1:] if direction == "newer" and len(found) > limit else found[:limit]
            shown = await reactions.with_reactions(tx, items)
        has_older = direction == "newer" or len(found) > limit
        return _page(_marks(instance, chat), chat, shown, has_older=has_older, stood=before)

    async def around(
        self, instance: Instance, id: str | UUID, wanted: MessageFilter = EVERYTHING, *, limit: int = 50
    ) -> Page[Message]:
        """The messages of its chat on both sides of one, which is among them. Raises NotFound."""
        async with self._database.transaction() as tx:
            chat = (middle := await _find(tx, instance, str(id))).chat
            place = (middle.sent_at, middle.tiebreak, middle.id)
            newer = await _read(tx, instance, chat, wanted, "newer", place, limit // 2)
            found = await _read(tx, instance, chat, wanted, "from", place, limit - len(newer) + 1)
            items = newer + found[: limit - len(newer)]
            shown = await reactions.with_reactions(tx, items)
        has_older = len(found) > limit - len(newer)
        return _page(_marks(instance, chat), chat, shown, has_older=has_older, stood=None)

    async def search(
        self,
        instance: Instance | None,
        text: str,
        wanted: MessageFilter = EVERYTHING,
        *,
        chat_id: UUID | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Hit]:
        """Those with all the words, the newest first; a page may be short, or empty, and have a next one.

        None searches all instances: that is for those who may see all of them.

        Raises NotFound (no such chat), Invalid.
        """
        question = question_of(text)
        async with self._database.transaction() as tx:
            chat = await _chat(tx, instance, chat_id) if instance is not None and chat_id is not None else None
            places = Marks("search", instance.id if instance else "", chat.id if chat else "", text)
            before = places.read(after, marks.id)
            stems, parts = await search.stems_of(tx, question) or _too_common(question)
            found = await search.find(
                tx,
                instance.id if instance else None,
                stems,
                question,
                wanted,
                chat_id=chat.id if chat else None,
                before=before[0] if before else None,
                most=limit,
            )
            rows = await messages.by_ids(tx, found.ids)
            shown = await reactions.with_reactions(tx, [rows[id] for id in found.ids if id in rows])
        hits = [Hit(message=one, snippet=snippet_of(one.text, one.quoted_text, parts, question.words)) for one in shown]
        return Page(items=hits, next=places.at(found.resume) if found.resume else None)

    async def get(self, instance: Instance, id: str | UUID) -> Message:
        """One message, by our id or by WhatsApp's, with its status history and its reactions. Raises NotFound."""
        async with self._database.transaction() as tx:
            message = await messages.with_history(tx, await _find(tx, instance, str(id)))
            [shown] = await reactions.with_reactions(tx, [message])
        return shown


def _direction(after: str | None, before: str | None) -> tuple[str, str | None]:
    if after is not None and before is not None:
        detail = "`after` and `before` contradict each other."
        raise Invalid("one_direction", detail, field="before", hint="Give one of them.")
    if before is not None:
        return "newer", before
    return ("last" if after is None else "older"), after


async def _read(
    tx: Tx, instance: Instance, chat: Chat | None, wanted: MessageFilter, direction: str, place: Any, limit: int
) -> list[Message]:
    if chat is not None:
        return await message_lists.of_chat(tx, chat.id, wanted, direction=direction, place=place, limit=limit)
    return await message_lists.of_instance(tx, instance.id, wanted, direction=direction, place=place, limit=limit)


def _page(
    places: Marks, chat: Chat | None, items: Sequence[Message], *, has_older: bool, stood: str | None
) -> Page[Message]:
    """`stood` is where somebody looks from who has seen everything so far."""
    if not items:
        return Page(items=[], previous=stood)
    first, last = (places.at(*_place(one, chat)) for one in (items[0], items[-1]))
    return Page(items=list(items), next=last if has_older else None, previous=first)


def _place(message: Message, chat: Chat | None) -> tuple[Any, ...]:
    return (message.sent_at, message.tiebreak, message.id) if chat is not None else (message.id,)


def _readers(chat: Chat | None) -> tuple[marks.Reader, ...]:
    return _PLACE if chat is not None else (marks.id,)


def _marks(instance: Instance, chat: Chat | None) -> Marks:
    return Marks("messages", instance.id, chat.id if chat is not None else "")


async def _chat(tx: Tx, instance: Instance, id: UUID) -> Chat:
    chat = await chats.get_chat(tx, instance.id, id)
    if chat is None:
        raise unknown_chat(instance, id)
    return chat


async def _find(tx: Tx, instance: Instance, id: str) -> Message:
    try:
        message = await messages.get(tx, instance.id, UUID(id))
    except ValueError:
        message = None
    message = message or await messages.get_by_wa_id(tx, instance.id, id)
    if message is None:
        detail = f"{instance.instance_name} has no message {id!r}."
        raise NotFound("unknown_message", detail, hint="Give its id, or its wa_id.")
    return message


def _too_common(question: Question) -> tuple[str, list[str]]:
    raise Invalid(
        "search_too_common",
        f"{' '.join(question.words)!r} is only words that stand in nearly every message.",
        field="search",
        hint="Add a word that says more.",
    )
