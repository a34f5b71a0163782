"""A conversation as it is read on a screen: windows of it, at either end, around a message, or next to another one."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from recado.domain.chats import Chat
from recado.domain.contacts import Contact
from recado.domain.errors import NotFound
from recado.domain.identities import News
from recado.domain.instances import Instance
from recado.domain.jid import Identity, identity_of
from recado.domain.media import Picture, picture_of
from recado.domain.messages import Message
from recado.services.reading.chats import unknown_chat
from recado.store import chats, known, media, message_lists, messages, reactions
from recado.store.database import Database, Tx

AT_ONCE: Final = 500
"""Messages that are looked up by their ids together, at most."""
_NAMED: Final = 200

People = Mapping[Identity, Contact]
"""Whom messages name without having them as senders: whoever is quoted or mentioned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Messages that follow each other, the oldest first, and whether there are more on either side."""

    chat: Chat
    messages: list[Message]
    people: People
    has_older: bool
    has_newer: bool


class Threads:
    """An id of a chat that was merged answers with what it was merged into. At most six statements a window."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, instance: Instance, chat_id: UUID, *, limit: int) -> Window:
        """The newest ones. Raises NotFound."""
        async with self._database.transaction() as tx:
            chat = await _chat(tx, instance, chat_id)
            found = await message_lists.of_chat(tx, chat.id, direction="last", limit=limit + 1)
            return await _window(tx, chat, found[:limit], has_older=len(found) > limit, has_newer=False)

    async def first(self, instance: Instance, chat_id: UUID, *, limit: int) -> Window:
        """The oldest ones. Raises NotFound."""
        async with self._database.transaction() as tx:
            chat = await _chat(tx, instance, chat_id)
            found = await message_lists.of_chat(tx, chat.id, direction="first", limit=limit + 1)
            return await _window(tx, chat, found[-limit:], has_older=False, has_newer=len(found) > limit)

    async def around(self, instance: Instance, chat_id: UUID, id: str, *, limit: int) -> Window:
        """On both sides of a message of that chat (our id or WhatsApp's), which is among them. Raises NotFound."""
        half = limit // 2
        async with self._database.transaction() as tx:
            chat = await _chat(tx, instance, chat_id)
            place = _place(await _message(tx, chat, id))
            newer = await message_lists.of_chat(tx, chat.id, direction="newer", place=place, limit=half + 1)
            older = await message_lists.of_chat(tx, chat.id, direction="from", place=place, limit=half + 1)
            found = newer[-half:] + older[:half]
            return await _window(tx, chat, found, has_older=len(older) > half, has_newer=len(newer) > half)

    async def older(self, instance: Instance, chat_id: UUID, id: str, *, limit: int) -> Window:
        """Those before that message. Raises NotFound."""
        async with self._database.transaction() as tx:
            chat = await _chat(tx, instance, chat_id)
            place = _place(await _message(tx, chat, id))
            found = await message_lists.of_chat(tx, chat.id, direction="older", place=place, limit=limit + 1)
            return await _window(tx, chat, found[:limit], has_older=len(found) > limit, has_newer=True)

    async def newer(self, instance: Instance, chat_id: UUID, id: str, *, limit: int) -> Window:
        """Those behind that message. Raises NotFound."""
        async with self._database.transaction() as tx:
            chat = await _chat(tx, instance, chat_id)
            place = _place(await _message(tx, chat, id))
            found = await message_lists.of_chat(tx, chat.id, direction="newer", place=place, limit=limit + 1)
            return await _window(tx, chat, found[-limit:], has_older=True, has_newer=len(found) > limit)

    async def some(
        self, instance: Instance, chat_id: UUID, ids: Collection[UUID], wa_ids: Collection[str] = ()
    ) -> Window:
        """Those of these messages that are in the chat, by our ids and by WhatsApp's. Raises NotFound (no chat)."""
        async with self._database.transaction() as tx:
            chat = await _chat(tx, instance, chat_id)
            by_id = await messages.by_ids(tx, list(ids)[:AT_ONCE]) if ids else {}
            by_wa_id = await messages.by_wa_ids(tx, chat.id, list(wa_ids)[:AT_ONCE]) if wa_ids else []
            found = {one.id: one for one in [*by_id.values(), *by_wa_id] if _is_shown(one, chat)}
            ordered = sorted(found.values(), key=_place, reverse=True)
            return await _window(tx, chat, ordered, has_older=True, has_newer=True)

    async def thumbnail(self, instance: Instance, message_id: UUID) -> Picture:
        """The small picture that travelled inside a message. Raises NotFound."""
        async with self._database.glance() as tx:
            found = picture_of(await media.thumbnail(tx, instance.id, message_id))
        if found is None:
            raise NotFound("no_picture", "There is no picture.")
        return found


async def _window(tx: Tx, chat: Chat, found: Sequence[Message], *, has_older: bool, has_newer: bool) -> Window:
    """Of messages as the lists have them, the newest first."""
    shown = await reactions.with_reactions(tx, found[::-1])
    people = await _named(tx, chat.instance_id, shown)
    return Window(chat=chat, messages=shown, people=people, has_older=has_older, has_newer=has_newer)


async def _named(tx: Tx, instance_id: UUID, shown: Iterable[Message]) -> People:
    wanted = dict.fromkeys(identity for one in shown for identity in _identities(one))
    if not wanted:
        return {}
    news = [News(instance_id=instance_id, identity=identity) for identity in [*wanted][:_NAMED]]
    found = await known.contacts(tx, news)
    by_phone = {one.phone_number: one for one in found}
    by_lid = {one.lid: one for one in found}
    people = {one: _by(by_lid, one.lid) or _by(by_phone, one.phone) for one in wanted}
    return {identity: contact for identity, contact in people.items() if contact is not None}


def _by(known: Mapping[str | None, Contact], key: str | None) -> Contact | None:
    return known.get(key) if key is not None else None


def _identities(message: Message) -> list[Identity]:
    details = message.details or {}
    quoted, mentions = details.get("quoted"), details.get("mentions")
    jids = [quoted.get("sender")] if isinstance(quoted, Mapping) else []
    jids += mentions if isinstance(mentions, list) else []
    found = [identity_of(jid) for jid in jids if isinstance(jid, str)]
    return [one for one in found if one != Identity()]


def _place(message: Message) -> tuple[Any, ...]:
    return message.sent_at, message.tiebreak, message.id


def _is_shown(message: Message, chat: Chat) -> bool:
    """Those about another message are shown at that one."""
    return message.chat.id == chat.id and message.target_wa_id is None


async def _chat(tx: Tx, instance: Instance, id: UUID) -> Chat:
    chat = await chats.get_chat(tx, instance.id, id)
    if chat is None:
        raise unknown_chat(instance, id)
    return chat


async def _message(tx: Tx, chat: Chat, id: str) -> Message:
    found = None
    with contextlib.suppress(ValueError):
        found = (await messages.by_ids(tx, [UUID(id)])).get(UUID(id))
    if found is None:  # WhatsApp's ids may be 32 hex digits too
        [found, *_] = [*await messages.by_wa_ids(tx, chat.id, [id]), None]
    if found is None or found.chat.id != chat.id:
        raise NotFound("unknown_message", f"This chat has no message {id!r}.")
    return found
