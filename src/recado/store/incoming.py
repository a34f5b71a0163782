"""A batch of what engines heard, written as a whole: a fixed number of statements, however many sessions it is of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recado.domain.changes import Occasion, chat_updated
from recado.domain.chats import Address, Chat, address_of, storable_jid
from recado.domain.contacts import Contact
from recado.domain.engine import Gap, Inbound, Incoming, Notice, Receipt
from recado.domain.events import NOTICE, NewEvent
from recado.domain.identities import News
from recado.domain.jid import Identity
from recado.domain.messages import Message, is_change
from recado.domain.notices import read_notice
from recado.domain.status import is_read_by_owner, step_of
from recado.domain.tellings import change_event, gap_event, message_event, status_event
from recado.domain.texts import storable, storable_json

from . import chat_flags, gaps, identities, notices, receipts, reception
from .database import Call, Tx
from .identities import Places
from .known import Known
from .notices import Notable
from .receipts import Step
from .received import Received, received_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Something heard. `id` becomes the message's own, or a notice's event's, also when the batch is tried again."""

    id: UUID
    instance_id: UUID
    instance_name: str
    inbound: Inbound


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A batch that has been read through: whom it names, and the chats that it belongs to."""

    arrivals: Sequence[Arrival]
    notables: list[Notable]
    news: list[News]
    addresses: list[tuple[UUID, Address]]

    def question(self) -> Call:
        """What has to be known before it is written, for `Database.transaction`."""
        return identities.question(self.news, self.addresses)


def read_through(arrivals: Sequence[Arrival]) -> Post:
    """All that can be done before a transaction."""
    notables = _notables(arrivals)
    return Post(
        arrivals=arrivals,
        notables=notables,
        news=_news(arrivals) + notices.news(notables),
        addresses=_addresses(arrivals) + notices.addresses(notables),
    )


async def write(
    tx: Tx, post: Post, *, new_id: Callable[[], UUID], now: datetime, before: Known | None = None
) -> list[NewEvent]:
    """Write a batch and return its events, in the order of arrival, for the log. What is written already has none.

    The caller holds the locks of the instances (`identities.locks`). `before` is the answer to the `question`.
    """
    places = await identities.settle_places(tx, post.news, post.addresses, new_id, before=before)
    batch = _Batch(tx, post.arrivals, places, new_id, now)
    await batch.note_gaps()
    await batch.write_messages()
    await batch.apply_receipts()
    await batch.mark_read()
    await batch.heed_notices(post.notables)
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
        if not rows:
            return
        got = await reception.write(self._tx, rows)
        for id, message in got.written.items():
            if not is_change(message):
                self._tell_message(numbers[id], message, message_event)
        for id, message in got.changed.items():
            self._tell_message(numbers[id], message, change_event)
        written = got.written
        own = [(numbers[id], one.instance_id, one.wa_id) for id, one in written.items() if one.from_me]
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
        read = await receipts.read_elsewhere(self._tx, seen) if seen else []
        names = {arrival.instance_id: (n, arrival.instance_name) for n, arrival in enumerate(self._arrivals)}
        for chat, is_marked in await chat_flags.shown(self._tx, read) if read else ():
            n, name = names[chat.instance_id]
            on = Occasion(id=self._new_id(), time=self._now, instance_id=chat.instance_id, instance_name=name)
            self._tell(n, chat_updated(on, chat, is_marked_unread=is_marked))

    async def heed_notices(self, notables: Sequence[Notable]) -> None:
        """Those that change rows are told by what they change, the others are passed on."""
        if notables:
            self._told += await notices.write(self._tx, notables, self._places, self._new_id, self._now)
        read = {one.n for one in notables}
        for n, arrival in enumerate(self._arrivals):
            if isinstance(notice := arrival.inbound, Notice) and n not in read:
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

    def _tell_message(self, n: int, message: Message, event_of: Callable[..., NewEvent]) -> None:
        name = self._arrivals[n].instance_name
        self._tell(n, event_of(message, id=self._new_id(), instance_name=name, time=self._now))

    def _tell(self, n: int, event: NewEvent) -> None:
        self._told.append((n, event))

    def _received(self, arrival: Arrival, incoming: Incoming, latest: dict[UUID, datetime]) -> Received:
        chat = self._chat(arrival, incoming)
        sent_at = incoming.sent_at
        if incoming.target_wa_id is None:
            last = latest.get(chat.id) or chat.last_message_at or sent_at
            sent_at = latest[chat.id] = max(sent_at, last)
        sender = None if incoming.is_from_me else self._person(arrival, incoming.sender)
        return received_of(
            incoming, id=arrival.id, instance_id=arrival.instance_id, chat=chat, sender=sender, sent_at=sent_at
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


def _notables(arrivals: Iterable[Arrival]) -> list[Notable]:
    return [
        Notable(n=n, instance_id=arrival.instance_id, instance_name=arrival.instance_name, told=told)
        for n, arrival in enumerate(arrivals)
        if isinstance(arrival.inbound, Notice) and (told := read_notice(arrival.inbound))
    ]


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
