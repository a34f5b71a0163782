"""A batch of what engines heard, written as a whole: a fixed number of statements, however many sessions it is of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recado.domain.chats import Address, Chat, address_of, storable_jid
from recado.domain.contacts import Contact
from recado.domain.engine import Gap, Inbound, Incoming, Notice, Receipt
from recado.domain.events import NOTICE, NewEvent
from recado.domain.identities import News
from recado.domain.jid import PHONE_SERVER, Identity
from recado.domain.messages import Message
from recado.domain.status import is_read_by_owner, step_of
from recado.domain.tellings import gap_event, message_event, status_event
from recado.domain.texts import storable, storable_json

from . import gaps, identities, receipts, received
from .database import Tx
from .identities import Places
from .receipts import Step
from .received import Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Something heard. `id` becomes the message's own, or a notice's event's, also when the batch is tried again."""

    id: UUID
    instance_id: UUID
    instance_name: str
    inbound: Inbound


async def write(tx: Tx, arrivals: Sequence[Arrival], *, new_id: Callable[[], UUID], now: datetime) -> list[NewEvent]:
    """Write a batch and return its events, in the order of arrival, for the log. What is written already has none.

    The caller holds the locks of the instances (`identities.locks`).
    """
    places = await identities.settle_places(tx, _news(arrivals), _addresses(arrivals), new_id)
    batch = _Batch(tx, arrivals, places, new_id, now)
    await batch.note_gaps()
    await batch.write_messages()
    await batch.apply_receipts()
    await batch.mark_read()
    batch.pass_notices()
    return batch.events()


class _Batch:
    """One batch under way; `told` collects the events, each with the number of the arrival that it belongs to."""

    def __init__(
        self, tx: Tx, arrivals: Sequence[Arrival], places: Places, new_id: Callable[[], UUID], now: datetime
    ) -> None:
        self._tx = tx
        self._arrivals = arrivals
        self._places = places
        self._new_id = new_id
        self._now = now
        self._told: list[tuple[int, NewEvent]] = []
        self._early: list[Step] = []

    async def note_gaps(self) -> None:
        found = [(n, arrival, arrival.inbound) for n, arrival in enumerate(self._arrivals)]
        noted = {
            (arrival.instance_id, storable_jid(gap.chat), gap.wa_id): (n, arrival, gap)
            for n, arrival, gap in found
            if isinstance(gap, Gap)
        }
        if not noted:
            return
        rows = [
            gaps.GapRow(instance_id=instance_id, chat=chat, wa_id=wa_id, at=gap.sent_at, cause=gap.cause)
            for (instance_id, chat, wa_id), (_, _, gap) in noted.items()
        ]
        for key in await gaps.record(self._tx, rows):
            n, arrival, gap = noted[key]
            self._tell(n, self._gap_event(arrival, gap))

    async def write_messages(self) -> None:
        numbers: dict[UUID, int] = {}
        latest: dict[UUID, datetime] = {}
        rows = []
        for n, arrival in enumerate(self._arrivals):
            if isinstance(arrival.inbound, Incoming) and not arrival.inbound.is_protocol:
                numbers[arrival.id] = n
                rows.append(self._received(arrival, arrival.inbound, latest))
        written = await received.write(self._tx, rows) if rows else []
        for message in written:
            n = numbers[message.id]
            name = self._arrivals[n].instance_name
            self._tell(n, message_event(message, id=self._new_id(), instance_name=name, time=self._now))
        own = [(numbers[message.id], message.instance_id, message.wa_id) for message in written if message.from_me]
        self._early = await receipts.take_early(self._tx, own) if own else []

    async def apply_receipts(self) -> None:
        steps = [*self._early]
        for n, arrival in enumerate(self._arrivals):
            if isinstance(arrival.inbound, Receipt):
                steps += self._steps(n, arrival, arrival.inbound)
        for taken in await receipts.apply(self._tx, steps) if steps else ():
            event = status_event(
                taken.chat,
                id=self._new_id(),
                message_id=taken.message_id,
                wa_id=taken.wa_id,
                status=taken.status,
                step=taken.step,
                instance_name=self._arrivals[taken.n].instance_name,
                time=self._now,
            )
            self._tell(taken.n, event)

    async def mark_read(self) -> None:
        seen = [
            (arrival.instance_id, wa_id)
            for arrival in self._arrivals
            if isinstance(arrival.inbound, Receipt)
            and is_read_by_owner(arrival.inbound.type, is_from_me=arrival.inbound.is_from_me)
            for wa_id in arrival.inbound.wa_ids
        ]
        if seen:
            await receipts.read_elsewhere(self._tx, seen)

    def pass_notices(self) -> None:
        for n, arrival in enumerate(self._arrivals):
            if isinstance(notice := arrival.inbound, Notice):
                event = NewEvent(
                    id=arrival.id,
                    type=NOTICE,
                    time=self._now,
                    instance_id=arrival.instance_id,
                    instance_name=arrival.instance_name,
                    data={"name": storable(notice.name), "value": storable_json(notice.value)},
                )
                self._tell(n, event)

    def events(self) -> list[NewEvent]:
        names = {arrival.instance_id: arrival.instance_name for arrival in self._arrivals}
        united = identities.united_events(self._places, names, self._new_id, self._now)
        return united + [event for _, event in sorted(self._told, key=lambda pair: pair[0])]

    def _tell(self, n: int, event: NewEvent) -> None:
        self._told.append((n, event))

    def _received(self, arrival: Arrival, incoming: Incoming, latest: dict[UUID, datetime]) -> Received:
        chat = self._chat(arrival, incoming)
        last = latest.get(chat.id) or chat.last_message_at or incoming.sent_at
        sent_at = latest[chat.id] = max(incoming.sent_at, last)
        message = Message(
            id=arrival.id,
            instance_id=arrival.instance_id,
            wa_id=incoming.wa_id,
            chat=chat,
            sender=None if incoming.is_from_me else self._person(arrival, incoming.sender),
            from_me=incoming.is_from_me,
            kind=incoming.kind,
            text=None if incoming.text is None else storable(incoming.text),
            quoted_wa_id=incoming.quoted_wa_id,
            sent_at=sent_at,
            tiebreak=0,
            status="sent" if incoming.is_from_me else "received",
            status_at=sent_at,
        )
        return Received(
            message=message,
            raw=incoming.raw,
            content=incoming.content,
            trouble=None if incoming.trouble is None else storable(incoming.trouble),
            jids=_jids(incoming.chat, chat),
        )

    def _steps(self, n: int, arrival: Arrival, receipt: Receipt) -> list[Step]:
        status = step_of(receipt.type, is_from_me=receipt.is_from_me)
        if status is None:
            return []
        person = self._person(arrival, receipt.sender)
        return [
            Step(
                n=n,
                instance_id=arrival.instance_id,
                wa_id=wa_id,
                status=status,
                contact_id=person.id if person else None,
                at=receipt.at,
            )
            for wa_id in dict.fromkeys(receipt.wa_ids)
        ]

    def _gap_event(self, arrival: Arrival, gap: Gap) -> NewEvent:
        return gap_event(
            self._chat(arrival, gap),
            id=self._new_id(),
            wa_id=gap.wa_id,
            sender=None if gap.is_from_me else self._person(arrival, gap.sender),
            is_from_me=gap.is_from_me,
            sent_at=gap.sent_at,
            cause=gap.cause,
            instance_name=arrival.instance_name,
            time=self._now,
        )

    def _chat(self, arrival: Arrival, inbound: Incoming | Gap) -> Chat:
        return self._places.chats[arrival.instance_id, address_of(inbound.chat, inbound.chat_identity)]

    def _person(self, arrival: Arrival, identity: Identity) -> Contact | None:
        return self._places.people.contact(arrival.instance_id, identity) if _is_somebody(identity) else None


def _news(arrivals: Iterable[Arrival]) -> list[News]:
    """Everybody who is named as a sender; the chats' people come with the addresses."""
    news = []
    for arrival in arrivals:
        inbound = arrival.inbound
        if isinstance(inbound, Notice) or inbound.is_from_me or not _is_somebody(inbound.sender):
            continue
        if isinstance(inbound, Receipt) and step_of(inbound.type, is_from_me=False) is None:
            continue
        if isinstance(inbound, Incoming) and inbound.is_protocol:
            continue
        name = storable(inbound.push_name) if isinstance(inbound, Incoming) and inbound.push_name else None
        news.append(News(instance_id=arrival.instance_id, identity=inbound.sender, push_name=name))
    return news


def _addresses(arrivals: Iterable[Arrival]) -> list[tuple[UUID, Address]]:
    return [
        (arrival.instance_id, address_of(inbound.chat, inbound.chat_identity))
        for arrival in arrivals
        if isinstance(inbound := arrival.inbound, Incoming | Gap)
        and not (isinstance(inbound, Incoming) and inbound.is_protocol)
    ]


def _is_somebody(identity: Identity) -> bool:
    return bool(identity.phone or identity.lid)


def _jids(chat_jid: str, chat: Chat) -> list[str]:
    """All names that a gap of this chat may have been noted under."""
    names = {storable_jid(chat_jid)}
    if chat.contact is not None and chat.contact.phone_number:
        names.add(f"{chat.contact.phone_number}@{PHONE_SERVER}")
    if chat.contact is not None and chat.contact.lid:
        names.add(chat.contact.lid)
    return sorted(names)
