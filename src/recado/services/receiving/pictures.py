"""Profile pictures: asked for when somebody looks at one, or when the network says that one changed; kept for a day."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from weakref import WeakValueDictionary

import structlog

from recado.clock import Clock
from recado.domain.chats import Chat
from recado.domain.contacts import Contact
from recado.domain.engine import Inbound, Notice
from recado.domain.errors import Conflict, NotFound, RecadoError, TooMany
from recado.domain.instances import Instance, id_of
from recado.domain.notices import PictureChanged, read_notice
from recado.domain.sync import PictureSource
from recado.services.alarm import Alarm
from recado.services.calls import Calls
from recado.services.line import line
from recado.services.roster import Roster
from recado.store import chats, contacts, identities, instances
from recado.store import pictures as store
from recado.store.address_book import jids_of
from recado.store.database import Database
from recado.store.pictures import Kept

KEPT_FOR: Final = timedelta(hours=24)
PAUSE: Final = timedelta(seconds=1)
PATIENCE: Final = timedelta(seconds=15)
_SIGNATURES: Final = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG", "image/png"), (b"RIFF", "image/webp"))

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture as it goes out. `id` is WhatsApp's own of it."""

    id: str
    mime_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """Whose picture: our id, and the JID that WhatsApp is asked about."""

    id: UUID
    jid: str


class Pictures:
    """One request a second goes to the network for an instance; who asks for the same one at a time waits together.

    `calls` brings what is asked to the process where the instance is connected, which stores the picture.
    """

    def __init__(self, database: Database, source: PictureSource, roster: Roster, clock: Clock, calls: Calls) -> None:
        self._database = database
        self._source = source
        self._roster = roster
        self._clock = clock
        self._free_at: dict[UUID, datetime] = {}
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._changed: dict[tuple[UUID, str], None] = {}
        self._alarm = Alarm(clock)
        self._calls = calls
        calls.offer("picture.fetch", self._fetch)

    async def of_contact(self, instance: Instance, id: UUID) -> Image:
        """A person's picture. Raises NotFound (nobody, none, hidden), Conflict, TooMany, Unavailable."""
        async with self._database.transaction() as tx:
            contact = await contacts.get_contact(tx, instance.id, id)
        if contact is None:
            raise NotFound("unknown_contact", f"{instance.instance_name} has no contact {id}.")
        return await self._image(instance, _of_person(contact))

    async def of_chat(self, instance: Instance, id: UUID) -> Image:
        """A group's picture, or that of the person behind a chat. Raises the same."""
        async with self._database.transaction() as tx:
            chat = await chats.get_chat(tx, instance.id, id)
        if chat is None:
            raise NotFound("unknown_chat", f"{instance.instance_name} has no chat {id}.")
        return await self._image(instance, _of_chat(chat))

    def heard(self, inbound: Inbound) -> None:
        """Something came and is stored: if it says that a picture changed, the new one is fetched in its turn."""
        if isinstance(inbound, Notice) and (instance_id := id_of(inbound.session)):
            told = read_notice(inbound)
            if isinstance(told, PictureChanged) and told.picture_id is not None:
                self._changed[instance_id, told.jid] = None
                self._alarm.ring()

    async def run(self) -> None:
        """Fetch what has changed; what cannot be had now is asked for when somebody looks at it."""
        while True:
            while self._changed:
                instance_id, jid = next(iter(self._changed))
                del self._changed[instance_id, jid]
                try:
                    await self._refresh(instance_id, jid)
                except RecadoError as error:
                    _log.info("picture.unfetched", instance=str(instance_id), error=error.detail)
                except Exception as error:
                    _log.warning("picture.failed", instance=str(instance_id), error=repr(error))
            await self._alarm.wait(None)

    async def _refresh(self, instance_id: UUID, jid: str) -> None:
        async with self._database.transaction() as tx:
            instance = await instances.get(tx, instance_id)
            found = await store.subject_at(tx, instance_id, jid)
        if instance is not None and found is not None and self._roster.fence_of(instance_id) is not None:
            await self._image(instance, _Subject(id=found, jid=jid))

    async def _image(self, instance: Instance, subject: _Subject) -> Image:
        kept = await self._kept(subject.id)
        if not self._is_fresh(kept):
            async with self._turns.setdefault(subject.id, asyncio.Lock()):
                kept = await self._kept(subject.id)
                if not self._is_fresh(kept):
                    kept = await self._renewed(instance, subject, kept)
        return _shown(kept)

    async def _renewed(self, instance: Instance, subject: _Subject, before: Kept | None) -> Kept | None:
        """As the network has it; while that cannot be asked, an old one is better than none."""
        try:
            await self._calls.make(instance, "picture.fetch", subject=str(subject.id), jid=subject.jid)
        except Conflict:
            if before is None:
                raise
        return await self._kept(subject.id)

    async def _fetch(self, instance: Instance, subject: str, jid: str) -> dict[str, Any]:
        whose = _Subject(id=UUID(subject), jid=jid)
        kept = await self._kept(whose.id)
        if not self._is_fresh(kept):
            await self._ask(instance, whose, kept)
        return {}

    async def _ask(self, instance: Instance, subject: _Subject, before: Kept | None) -> None:
        await self._wait(instance.id)
        known = before.picture_id if before and before.image else None
        with line(self._roster, instance) as (session, fence):
            answer = await self._source.picture(session, fence, subject.jid, known, is_preview=False)
        now = self._clock.now()
        async with self._database.transaction(locks=identities.locks([instance.id])) as tx:
            if answer.image is None and answer.id is not None and before is not None:
                await store.still(tx, subject.id, now)
                return
            kept = Kept(
                picture_id=answer.id if answer.image else None,
                mime_type=_type_of(answer.image) if answer.image else None,
                image=answer.image,
                why=None if answer.image else answer.why or "none",
                fetched_at=now,
            )
            await store.put(tx, instance.id, subject.id, kept, answer.url)

    async def _wait(self, instance_id: UUID) -> None:
        """Take the next second in which this instance may ask. Raises TooMany when that is far away."""
        now = self._clock.now()
        mine = max(now, self._free_at.get(instance_id, now))
        if mine - now > PATIENCE:
            raise TooMany(
                "too_many_pictures",
                "Many pictures are being asked for; WhatsApp is asked for one a second.",
                retry_after=round((mine - now).total_seconds()),
                hint="Ask again a little later; what was fetched is kept for a day.",
            )
        self._free_at[instance_id] = mine + PAUSE
        if mine > now:
            await self._clock.sleep(mine - now)

    async def _kept(self, subject: UUID) -> Kept | None:
        async with self._database.glance() as tx:
            return await store.get(tx, subject)

    def _is_fresh(self, kept: Kept | None) -> bool:
        return kept is not None and kept.fetched_at + KEPT_FOR > self._clock.now()


def _of_person(contact: Contact) -> _Subject:
    jids = jids_of(contact)
    if not jids:
        raise _none()
    return _Subject(id=contact.id, jid=jids[-1])


def _of_chat(chat: Chat) -> _Subject:
    if chat.contact is not None:
        return _of_person(chat.contact)
    return _Subject(id=chat.id, jid=chat.jid or "")


def _shown(kept: Kept | None) -> Image:
    if kept is None:
        raise _none()
    if kept.image is not None:
        return Image(id=kept.picture_id or "", mime_type=kept.mime_type or "image/jpeg", content=kept.image)
    if kept.why == "hidden":
        raise NotFound("picture_hidden", "Whoever it is does not show their picture to this number.")
    raise _none()


def _none() -> NotFound:
    return NotFound("no_picture", "There is no picture.")


def _type_of(image: bytes) -> str:
    return next((name for start, name in _SIGNATURES if image.startswith(start)), "image/jpeg")
