"""Writes what became of messages that were tried: their rows, what was learnt of people, and the events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from recado.clock import Clock
from recado.domain.events import MESSAGE_SENT, NewEvent
from recado.domain.failures import NEW_CHAT_REFUSED
from recado.domain.identities import News
from recado.domain.sending import Gone, Outcome, Postponed, Queued, Refused
from recado.domain.tellings import message_event
from recado.store import identities, messages, queue
from recado.store.database import Tx

Finished = tuple[Queued, Outcome]


async def settle(tx: Tx, finished: Sequence[Finished], clock: Clock) -> list[NewEvent]:
    """Write a batch of outcomes; the events belong into the log, last in the transaction.

    The caller holds the locks of the instances (`identities.locks`).
    """
    final = [(queued, outcome) for queued, outcome in finished if isinstance(outcome, Gone | Refused)]
    put_off = [(queued, outcome) for queued, outcome in finished if isinstance(outcome, Postponed)]
    events: list[NewEvent] = []
    if final:
        events += await _learn(tx, final, clock)
        taken = await queue.settle(tx, final, clock.now())
        events += await _tell(tx, [one for one in final if one[0].message_id in taken], clock)
    if put_off:
        await queue.postpone(tx, put_off, clock.now())
    return events


def refused_new_chats(finished: Sequence[Finished]) -> set[UUID]:
    """The instances that were refused one."""
    return {queued.instance_id for queued, out in finished if isinstance(out, Refused) and out.code == NEW_CHAT_REFUSED}


def took_new_chats(finished: Sequence[Finished]) -> set[UUID]:
    """The instances of which WhatsApp took one."""
    return {queued.instance_id for queued, out in finished if isinstance(out, Gone) and queued.lane == "new"}


async def _learn(tx: Tx, final: Sequence[tuple[Queued, Gone | Refused]], clock: Clock) -> list[NewEvent]:
    news = [
        News(instance_id=queued.instance_id, identity=name)
        for queued, outcome in final
        if isinstance(outcome, Gone)
        for name in outcome.names
    ]
    if not news:
        return []
    places = await identities.settle_places(tx, news, [], clock.new_id)
    names = {queued.instance_id: queued.instance_name for queued, _ in final}
    return identities.united_events(places, names, clock.new_id, clock.now())


async def _tell(tx: Tx, taken: Sequence[tuple[Queued, Gone | Refused]], clock: Clock) -> list[NewEvent]:
    """A message that its recipient has already confirmed is `message.sent` all the same."""
    rows = await messages.by_ids(tx, [queued.message_id for queued, _ in taken])
    events = []
    for queued, outcome in taken:
        message, name = rows[queued.message_id], queued.instance_name
        event = message_event(message, id=clock.new_id(), instance_name=name, time=clock.now())
        events.append(replace(event, type=MESSAGE_SENT) if isinstance(outcome, Gone) else event)
    return events
