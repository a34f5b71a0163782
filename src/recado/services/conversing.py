"""What others see of this number: that it has read, that it writes, that it is there. And what it sees of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.changes import Occasion, chat_typing, chat_updated, contact_presence
from recado.domain.chats import Chat, address_of
from recado.domain.contacts import Contact
from recado.domain.errors import Invalid, NotFound, Unavailable
from recado.domain.events import NewEvent
from recado.domain.identities import News
from recado.domain.instances import Instance, id_of
from recado.domain.jid import PHONE_SERVER, Identity
from recado.domain.sync import Conversing, Presence, Typing
from recado.services.bell import Bell
from recado.services.calls import Calls
from recado.services.line import line
from recado.services.roster import Roster
from recado.store import chat_flags, chats, contacts, identities, instances, known, log
from recado.store import unread as store
from recado.store.address_book import jids_of
from recado.store.database import Database, Tx
from recado.store.unread import Unread
from recado.telemetry import EVENTS

TypingState = Literal["composing", "recording", "paused"]
_READ_AT_ONCE: Final = 1_000

_log = structlog.get_logger()


class Conversations:
    """Every call raises Conflict when the instance is not connected, and then nothing was done.

    Wherever it is connected: `calls` brings it to the process that has the instance.
    """

    def __init__(
        self, database: Database, source: Conversing, roster: Roster, clock: Clock, bell: Bell, calls: Calls
    ) -> None:
        self._database = database
        self._source = source
        self._roster = roster
        self._clock = clock
        self._bell = bell
        self._calls = calls
        calls.offer("chat.read", self._read)
        calls.offer("chat.type", self._type)
        calls.offer("presence.show", self._show)
        calls.offer("contact.watch", self._watch)

    async def read(self, instance: Instance, chat_id: UUID) -> Chat:
        """Tell the senders that all of the chat has been read, and count nothing as unread; the chat after that.

        Raises NotFound, Conflict, Unavailable; after an error everything is unread still, and it may be tried again.
        """
        chat = await self._chat(instance, chat_id)
        await self._calls.make(instance, "chat.read", chat_id=str(chat.id))
        return await self._chat(instance, chat.id)

    async def _read(self, instance: Instance, chat_id: str) -> dict[str, Any]:
        chat = await self._chat(instance, UUID(chat_id))
        with line(self._roster, instance) as (session, fence):
            async with self._database.transaction() as tx:
                seen = await store.unread(tx, chat.id, limit=_READ_AT_ONCE)
            for sender, messages in _by_sender(chat, seen).items():
                wa_ids = [one.wa_id for one in messages]
                await self._source.mark_read(
                    session, fence, chat=_jid_of(chat), sender=sender, wa_ids=wa_ids, at=self._clock.now()
                )
        events: list[NewEvent] = []
        async with self._database.transaction(locks=identities.locks([instance.id])) as tx:
            is_changed = await store.mark_read(tx, chat.id, seen)
            [(chat, is_marked)] = await chat_flags.shown(tx, [chat.id])
            if is_changed:
                on = self._occasion(instance.id, instance.instance_name)
                events.append(chat_updated(on, chat, is_marked_unread=is_marked))
            log.append_last(tx, events)
        self._told(events)
        return {}

    async def type(self, instance: Instance, chat_id: UUID, state: TypingState) -> None:
        """Show in the chat that this number writes, records, or has stopped. Raises NotFound, Conflict, Unavailable."""
        chat = await self._chat(instance, chat_id)
        await self._calls.make(instance, "chat.type", chat=_jid_of(chat), state=state)

    async def _type(self, instance: Instance, chat: str, state: str) -> dict[str, Any]:
        with line(self._roster, instance) as (session, fence):
            await self._source.set_typing(session, fence, chat=chat, state=state)
        return {}

    async def show(self, instance: Instance, *, is_available: bool) -> None:
        """Show everybody that this number is there, or is not. Raises Conflict, Unavailable."""
        await self._calls.make(instance, "presence.show", is_available=is_available)

    async def _show(self, instance: Instance, is_available: bool) -> dict[str, Any]:
        with line(self._roster, instance) as (session, fence):
            await self._source.set_presence(session, fence, is_available=is_available)
        return {}

    async def watch(self, instance: Instance, contact_id: UUID) -> None:
        """Be told of this person's presence until the connection ends. Raises NotFound, Conflict, Unavailable."""
        async with self._database.transaction() as tx:
            contact = await contacts.get_contact(tx, instance.id, contact_id)
        if contact is None or not jids_of(contact):
            raise NotFound("unknown_contact", f"{instance.instance_name} has no contact {contact_id}.")
        await self._calls.make(instance, "contact.watch", jid=jids_of(contact)[0])

    async def _watch(self, instance: Instance, jid: str) -> dict[str, Any]:
        with line(self._roster, instance) as (session, fence):
            await self._source.watch(session, fence, jid)
        return {}

    async def handle(self, seen: Typing | Presence) -> None:
        """Tell whoever listens; there is nothing to keep, so what cannot be told is dropped. Never raises."""
        instance_id = id_of(seen.session)
        try:
            if instance_id is not None:
                await self._tell(instance_id, seen)
        except Exception as error:
            level = _log.info if isinstance(error, Unavailable) else _log.warning
            level("presence.untold", instance=seen.session, error=repr(error))

    async def _tell(self, instance_id: UUID, seen: Typing | Presence) -> None:
        async with self._database.transaction() as tx:
            instance = await instances.get(tx, instance_id)
            if instance is None:
                return
            on = self._occasion(instance_id, instance.instance_name)
            if isinstance(seen, Typing):
                event = await self._typing(tx, on, seen)
            else:
                event = await self._presence(tx, on, seen)
            events = [event] if event is not None else []
            log.append_last(tx, events)
        self._told(events)

    async def _typing(self, tx: Tx, on: Occasion, typing: Typing) -> NewEvent | None:
        sender = await _known(tx, on.instance_id, typing.sender)
        address = address_of(typing.chat, typing.chat_identity)
        if address.jid is not None:
            chat = await known.chat_of_jid(tx, on.instance_id, address.jid)
        else:
            partner = News(instance_id=on.instance_id, identity=typing.chat_identity)
            chat = next(iter((await known.known(tx, [partner])).chats), None)
        return chat_typing(on, chat, sender, typing.state) if chat and sender else None

    async def _presence(self, tx: Tx, on: Occasion, presence: Presence) -> NewEvent | None:
        contact = await _known(tx, on.instance_id, presence.identity)
        if contact is None:
            return None
        return contact_presence(on, contact, is_available=presence.is_available, last_seen_at=presence.last_seen_at)

    async def _chat(self, instance: Instance, id: UUID) -> Chat:
        async with self._database.transaction() as tx:
            chat = await chats.get_chat(tx, instance.id, id)
        if chat is None:
            raise NotFound("unknown_chat", f"{instance.instance_name} has no chat {id}.")
        if chat.kind not in ("person", "group") or not _jid_of(chat):
            raise Invalid("chat_unsupported", "Nobody in this chat can be told that.", field="chat_id")
        return chat

    def _occasion(self, instance_id: UUID, name: str) -> Occasion:
        return Occasion(id=self._clock.new_id(), time=self._clock.now(), instance_id=instance_id, instance_name=name)

    def _told(self, events: Sequence[NewEvent]) -> None:
        for event in events:
            EVENTS.labels(event.type).inc()
        if events:
            self._bell.ring()


async def _known(tx: Tx, instance_id: UUID, identity: Identity) -> Contact | None:
    """Whoever that is, if they are known; nothing is written."""
    return next(iter(await known.contacts(tx, [News(instance_id=instance_id, identity=identity)])), None)


def _by_sender(chat: Chat, seen: Sequence[Unread]) -> dict[str | None, list[Unread]]:
    """Whose messages they are, by the JID that a receipt names; only in groups one is named."""
    groups: dict[str | None, list[Unread]] = {}
    for one in seen:
        sender = one.lid or (f"{one.phone_number}@{PHONE_SERVER}" if one.phone_number else None)
        if chat.kind == "person" or sender is not None:
            groups.setdefault(sender if chat.kind == "group" else None, []).append(one)
    return groups


def _jid_of(chat: Chat) -> str:
    jids = jids_of(chat.contact) if chat.contact else [chat.jid or ""]
    return jids[0] if jids else ""
