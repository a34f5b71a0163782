"""Outgoing messages as people ask for them: accept one, wait for it; underneath, the intake and the sender."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from datetime import timedelta
from typing import Final
from uuid import UUID

import orjson

from recado.clock import Clock
from recado.domain.engine import Engine
from recado.domain.errors import Conflict, Invalid, NotFound
from recado.domain.instances import Instance
from recado.domain.messages import Message
from recado.domain.sending import Accepted, Draft, Quoted, check_text, content_of
from recado.domain.status import RANK
from recado.services.bell import Bell
from recado.services.intake import Intake
from recado.services.recipients import Recipients
from recado.services.roster import Roster
from recado.services.sender import Sender
from recado.store import drafts, messages
from recado.store.database import Database

_LOOKS_EVERY: Final = timedelta(seconds=1)
_GIVEN_UP: Final = frozenset({"failed", "cancelled"})


class Outgoing:
    """`run` has to be alive for everything else."""

    def __init__(
        self, database: Database, engine: Engine, roster: Roster, clock: Clock, bell: Bell, *, region: str = "BR"
    ) -> None:
        self._database = database
        self._clock = clock
        self._recipients = Recipients(database, engine, roster, clock, region=region)
        self._intake = Intake(database, clock, bell)
        self._sender = Sender(database, engine, roster, clock, bell)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._intake.run())
            tasks.create_task(self._sender.run())

    def wake(self, instance_id: UUID) -> None:
        """Something may wait to be sent for it."""
        self._sender.wake(instance_id)

    async def accept(
        self,
        instance: Instance,
        *,
        to: str,
        text: str,
        idempotency_key: str | None = None,
        quoted: str | None = None,
        must_be_connected: bool = False,
    ) -> Accepted:
        """Commit a message to be sent, under the id that it will have for good.

        `to` is a number or a JID, `quoted` the WhatsApp id of the message that it answers. Raises Invalid (`to`, `text`
        or `quoted`), Conflict (the key is of another request; not connected), NotFound, Unavailable.
        """
        check_text(text)
        request_hash = hashlib.sha256(orjson.dumps([to.strip(), text, quoted])).digest()
        if must_be_connected and instance.status != "connected":
            return await self._before(instance, idempotency_key, request_hash)
        recipient = await self._recipients.find(instance.id, to)
        kind, content = content_of(text, await self._quote(instance, quoted))
        accepted = await self._intake.accept(
            Draft(
                id=self._clock.new_id(),
                instance_id=instance.id,
                instance_name=instance.instance_name,
                recipient=recipient,
                wa_id=self._clock.new_wa_id(),
                kind=kind,
                text=text,
                content=content,
                quoted_wa_id=quoted,
                at=self._clock.now(),
                key=idempotency_key,
                request_hash=request_hash,
            )
        )
        self._sender.wake(instance.id)
        return accepted

    async def settled(self, message_id: UUID, *, until: str = "sent", timeout: timedelta) -> Message:
        """The message once it has got that far or was given up, or as it is when the time is up. Raises NotFound."""
        end = self._clock.now() + timeout
        with self._sender.watch(message_id) as news:
            while True:
                async with self._database.transaction() as tx:
                    message = await messages.by_id(tx, message_id)
                if message is None:
                    raise NotFound("message_gone", "The message was removed in the meantime.")
                left = end - self._clock.now()
                if message.status in _GIVEN_UP or RANK[message.status] >= RANK[until] or left <= timedelta(0):
                    return message
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, _LOOKS_EVERY).total_seconds()):
                        await news.wait()
                news.clear()

    async def _before(self, instance: Instance, key: str | None, request_hash: bytes) -> Accepted:
        """What the same request was answered before; Conflict when there is nothing of the kind."""
        if key is not None:
            async with self._database.transaction() as tx:
                used = (await drafts.used_keys(tx, [(instance.id, key)])).get((instance.id, key))
                message = await messages.by_id(tx, used.message_id) if used else None
            if used and message and used.request_hash == request_hash:
                return Accepted(message=message, is_repeat=True)
        raise Conflict(
            "not_connected",
            f"{instance.instance_name} is {instance.state}, so nothing can be sent now.",
            hint="Leave out wait=sent to have it sent as soon as it is connected.",
        )

    async def _quote(self, instance: Instance, wa_id: str | None) -> Quoted | None:
        if wa_id is None:
            return None
        async with self._database.transaction() as tx:
            message = await messages.get_by_wa_id(tx, instance.id, wa_id)
        author = None if message is None else _author(instance, message)
        if message is None or author is None:
            raise Invalid(
                "quoted_unknown", "There is no such message to quote.", field="quoted", hint="Give its wa_id."
            )
        return Quoted(wa_id=wa_id, participant=author, text=message.text)


def _author(instance: Instance, message: Message) -> str | None:
    """The JID of who wrote it."""
    if message.from_me:
        return f"{instance.phone_number}@s.whatsapp.net" if instance.phone_number else None
    if message.sender is None:
        return None
    return message.sender.lid or f"{message.sender.phone_number}@s.whatsapp.net"
