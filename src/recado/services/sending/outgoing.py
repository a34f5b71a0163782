"""Outgoing messages as people ask for them: accept one, wait for it, take it back; see what waits."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from recado.clock import Clock
from recado.domain.engine import Engine, Notice
from recado.domain.errors import Conflict, Invalid, NotFound, RecadoError, Unavailable
from recado.domain.instances import Instance
from recado.domain.messages import Message
from recado.domain.pacing import Pace
from recado.domain.queue_view import Halt, QueueView, halt_of
from recado.domain.sending import Accepted, Draft, Quoted, Waiting, check_text, content_of
from recado.domain.status import RANK
from recado.domain.tellings import message_event
from recado.domain.timing import ANYTIME, timing_of
from recado.services.bell import Bell
from recado.services.roster import Roster
from recado.services.sending.intake import Intake, repeated
from recado.services.sending.paces import Paces
from recado.services.sending.pauses import Pauses, Tell
from recado.services.sending.recipients import Recipients
from recado.services.sending.sender import Sender
from recado.services.sending.timekeeper import Hands, Timekeeper
from recado.store import appointments, drafts, identities, log, messages, queue_view, rings
from recado.store.database import Database

_LOOKS_EVERY: Final = timedelta(seconds=1)
_LOOKS_FOR_RECEIPTS: Final = timedelta(milliseconds=200)
_GIVEN_UP: Final = frozenset({"failed", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asks for. `to` is a number or a JID, `quoted` the WhatsApp id of the message that it answers.

    Not before `send_at`; of no use after `expires_at`, or when `expires_in` has passed since it could go.
    """

    to: str
    text: str
    quoted: str | None = None
    send_at: datetime | None = None
    expires_at: datetime | None = None
    expires_in: timedelta | None = None

    @property
    def hash(self) -> bytes:
        """Two that ask for the same have the same."""
        asked: list[Any] = [self.to.strip(), self.text, self.quoted]
        if self.send_at or self.expires_at or self.expires_in:
            asked += [self.send_at, self.expires_at, str(self.expires_in)]
        return hashlib.sha256(orjson.dumps(asked)).digest()


class Outgoing:
    """`run` has to be alive for everything else. `pace` None: nothing is paced; `tell` hears of pauses."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        roster: Roster,
        clock: Clock,
        bell: Bell,
        *,
        region: str = "BR",
        pace: Pace | None = None,
        seed: int | None = None,
        tell: Tell | None = None,
    ) -> None:
        self._database = database
        self._roster = roster
        self._clock = clock
        self._bell = bell
        self._recipients = Recipients(database, engine, roster, clock, region=region)
        self._intake = Intake(database, clock, bell)
        self._pauses = Pauses(database, roster, clock, on_end=self.wake, tell=tell)
        self._sender = Sender(database, engine, roster, clock, bell, self._pauses, Paces(pace, seed))
        hands = Hands(wake=self._sender.wake, withdraw=self._sender.withdraw)
        self._timekeeper = Timekeeper(database, roster, clock, bell, hands)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._intake.run())
            tasks.create_task(self._sender.run())
            tasks.create_task(self._pauses.run())
            tasks.create_task(self._timekeeper.run())

    def wake(self, instance_id: UUID) -> None:
        """Something may wait to be sent for it."""
        self._sender.wake(instance_id)

    async def hear(self, notice: Notice) -> None:
        """Heed what the network says of sending; return when it is kept."""
        await self._pauses.hear(notice)

    async def accept(
        self,
        instance: Instance,
        *,
        to: str,
        text: str,
        idempotency_key: str | None = None,
        quoted: str | None = None,
        send_at: datetime | None = None,
        expires_at: datetime | None = None,
        expires_in: timedelta | None = None,
        must_be_connected: bool = False,
    ) -> Accepted:
        """Commit a message to be sent, under the id that it will have for good; see Order.

        Raises Invalid (of one of the fields), Conflict (the key is of another request; not connected), NotFound,
        Unavailable.
        """
        order = Order(to=to, text=text, quoted=quoted, send_at=send_at, expires_at=expires_at, expires_in=expires_in)
        check_text(text)
        try:
            draft = await self._draft(instance, order, idempotency_key, must_be_connected=must_be_connected)
        except (Invalid, Conflict) as error:
            return await self._before(instance, order, idempotency_key, error)
        accepted = await self._intake.accept(draft)
        self._start(accepted)
        if instance.status == "connected" and self._roster.fence_of(instance.id) is None:
            await self._ring(instance.id)
        return accepted

    async def cancel(self, instance: Instance, message: Message) -> Message:
        """Take back what is not on its way yet. Raises Conflict when it is, or when there is nothing to take back."""
        now = self._clock.now()
        async with self._database.transaction(locks=identities.locks([instance.id])) as tx:
            is_cancelled = await appointments.cancel(tx, message.id, now)
            stands = (await messages.by_ids(tx, [message.id])).get(message.id, message)
            if is_cancelled:
                name, id = instance.instance_name, self._clock.new_id()
                log.append_last(tx, [message_event(stands, id=id, instance_name=name, time=now)])
        if is_cancelled:
            self._bell.ring()
            self._sender.withdraw(instance.id, message.id)
        elif stands.status != "cancelled":
            raise _too_late(stands)
        return stands

    async def waiting(self, message: Message) -> Waiting | None:
        """What the queue knows of it; None when it is there no more."""
        async with self._database.glance() as tx:
            return await queue_view.waiting(tx, message.id)

    async def queue(self, instance: Instance) -> QueueView:
        """How much waits to be sent, and what holds it up."""
        async with self._database.glance() as tx:
            counts = await queue_view.counts(tx, instance.id)
        return QueueView(counts=counts, halt=self.halt(instance))

    async def line(self, instance: Instance, *, limit: int = 20) -> list[tuple[Message, Waiting]]:
        """The messages that go next, and what each of them waits for."""
        async with self._database.transaction() as tx:
            waiting = await queue_view.line(tx, instance.id, limit)
            found = await messages.by_ids(tx, waiting) if waiting else {}
        return [(found[id], one) for id, one in waiting.items() if id in found]

    def halt(self, instance: Instance) -> Halt | None:
        """What holds its messages up."""
        return halt_of(instance, self._pauses.of(instance.id))

    async def settled(self, message_id: UUID, *, until: str = "sent", timeout: timedelta) -> Message:
        """The message once it has got that far or was given up, or as it is when the time is up. Raises NotFound."""
        end = self._clock.now() + timeout
        looks_every = _LOOKS_EVERY if until == "sent" else _LOOKS_FOR_RECEIPTS
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
                    async with asyncio.timeout(min(left, looks_every).total_seconds()):
                        await news.wait()
                news.clear()

    async def _draft(self, instance: Instance, order: Order, key: str | None, *, must_be_connected: bool) -> Draft:
        now = self._clock.now()
        timing = timing_of(now, send_at=order.send_at, expires_at=order.expires_at, expires_in=order.expires_in)
        if must_be_connected and instance.status != "connected":
            raise _not_connected(instance)
        recipient = await self._recipients.find(instance.id, order.to)
        quoted = await self._quote(instance, order.quoted)
        kind, content = content_of(order.text, quoted)
        return Draft(
            id=self._clock.new_id(),
            instance_id=instance.id,
            instance_name=instance.instance_name,
            recipient=recipient,
            wa_id=self._clock.new_wa_id(),
            kind=kind,
            text=order.text,
            content=content,
            quoted=quoted,
            at=self._clock.now(),
            key=key,
            request_hash=order.hash,
            timing=timing,
        )

    def _start(self, accepted: Accepted) -> None:
        message, waiting = accepted.message, accepted.waiting
        if waiting is None:
            return
        self._sender.accepted(message.instance_id, message.chat.id, waiting.lane)
        if waiting.timing != ANYTIME:
            self._timekeeper.ring()

    async def _ring(self, instance_id: UUID) -> None:
        """Another process looks after it; without the ring it would see within seconds."""
        with contextlib.suppress(Unavailable):
            async with self._database.transaction() as tx:
                await rings.ring(tx, "send", instance_id)

    async def _before(self, instance: Instance, order: Order, key: str | None, error: RecadoError) -> Accepted:
        """What the same request was answered before, though it cannot be accepted now; else the error."""
        if key is not None:
            async with self._database.transaction() as tx:
                used = (await drafts.used_keys(tx, [(instance.id, key)], self._clock.now())).get((instance.id, key))
                answer = await repeated(tx, used) if used and used.request_hash == order.hash else None
            if isinstance(answer, Accepted):
                return answer
        raise error

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
        return Quoted(wa_id=wa_id, participant=author, text=message.text, kind=message.kind)


def _not_connected(instance: Instance) -> Conflict:
    return Conflict(
        "not_connected",
        f"{instance.instance_name} is {instance.state}, so nothing can be sent now.",
        hint="Leave out wait to have it sent as soon as it is connected.",
    )


def _too_late(message: Message) -> Conflict:
    if message.status in ("queued", "sending"):
        return Conflict(
            "message_sending",
            "The message is being sent, or may have gone out already; it cannot be taken back.",
            hint="Look again in some seconds what has become of it.",
        )
    return Conflict("not_cancellable", f"The message is {message.status}; only one that still waits can be cancelled.")


def _author(instance: Instance, message: Message) -> str | None:
    """The JID of who wrote it."""
    if message.from_me:
        return f"{instance.phone_number}@s.whatsapp.net" if instance.phone_number else None
    if message.sender is None:
        return None
    return message.sender.lid or f"{message.sender.phone_number}@s.whatsapp.net"
