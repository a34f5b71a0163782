"""Takes in what is to be sent: requests that wait at the same time share one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg
import structlog

from recado.clock import Clock
from recado.domain.errors import Conflict, NotFound, RecadoError
from recado.domain.events import NewEvent
from recado.domain.messages import Message
from recado.domain.sending import Accepted, Draft, Lane, Waiting
from recado.domain.tellings import message_event
from recado.services.bell import Bell
from recado.store import drafts as store
from recado.store import identities, known, log, messages, queue_view
from recado.store.database import Database, Tx
from recado.store.errors import is_data_error
from recado.store.known import Known

BATCH: Final = 200

_log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Request:
    draft: Draft
    answer: asyncio.Future[Accepted | RecadoError]


class Intake:
    """`accept` answers after the commit; `run` has to be alive for it."""

    def __init__(self, database: Database, clock: Clock, bell: Bell) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._waiting: list[_Request] = []
        self._knock = asyncio.Event()

    async def accept(self, draft: Draft) -> Accepted:
        """Write it and queue it, or find what its key was used for.

        Raises Conflict (the key belongs to another request), NotFound (the instance is gone), Unavailable.
        """
        request = _Request(draft, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._knock.set()
        answer = await request.answer
        if isinstance(answer, RecadoError):
            raise answer
        return answer

    async def run(self) -> None:
        while True:
            await self._knock.wait()
            self._knock.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                await self._take(batch)

    async def _take(self, batch: Sequence[_Request]) -> None:
        try:
            answers = await self._write([request.draft for request in batch])
        except (RecadoError, psycopg.Error, UnicodeError, TypeError) as error:
            if len(batch) > 1 and is_data_error(error):
                for request in batch:
                    await self._take([request])
                return
            answers = [_refusal(error)] * len(batch)
        for request, answer in zip(batch, answers, strict=True):
            if not request.answer.done():
                request.answer.set_result(answer)

    async def _write(self, drafts: Sequence[Draft]) -> list[Accepted | RecadoError]:
        locks = identities.locks(draft.instance_id for draft in drafts)
        asks = identities.question([], [(draft.instance_id, draft.recipient.address) for draft in drafts])
        async with self._database.transaction(locks=locks, asks=asks) as tx:
            before = known.heard(tx)
            used = await _used(tx, drafts, self._clock.now())
            fresh = [draft for draft in drafts if _is_first(draft, drafts, used)]
            written, events = await self._insert(tx, fresh, before) if fresh else ({}, [])
            for draft in fresh:
                if draft.key is not None:
                    used[draft.instance_id, draft.key] = store.Used(
                        request_hash=draft.request_hash, message_id=draft.id
                    )
            answers = [await _answer(tx, draft, written, used) for draft in drafts]
            appended = log.append_last(tx, events)
        if events:
            self._bell.ring(appended)
        return answers

    async def _insert(
        self, tx: Tx, drafts: Sequence[Draft], before: Known
    ) -> tuple[dict[UUID, tuple[Message, Lane]], list[NewEvent]]:
        addresses = [(draft.instance_id, draft.recipient.address) for draft in drafts]
        places = await identities.settle_places(tx, [], addresses, self._clock.new_id, before=before)
        pairs = [(draft, places.chats[place]) for draft, place in zip(drafts, addresses, strict=True)]
        now = self._clock.now()
        written = await store.insert(tx, pairs, now)
        names = {draft.instance_id: draft.instance_name for draft in drafts}
        events = identities.united_events(places, names, self._clock.new_id, now)
        for message, _ in written:
            name = names[message.instance_id]
            events.append(message_event(message, id=self._clock.new_id(), instance_name=name, time=now))
        return {message.id: (message, lane) for message, lane in written}, events


async def _used(tx: Tx, drafts: Sequence[Draft], now: datetime) -> dict[tuple[UUID, str], store.Used]:
    keys = [(draft.instance_id, draft.key) for draft in drafts if draft.key is not None]
    return await store.used_keys(tx, keys, now) if keys else {}


def _is_first(draft: Draft, drafts: Sequence[Draft], used: dict[tuple[UUID, str], store.Used]) -> bool:
    if draft.key is None:
        return True
    place = (draft.instance_id, draft.key)
    return place not in used and next(one for one in drafts if (one.instance_id, one.key) == place) is draft


async def _answer(
    tx: Tx, draft: Draft, written: dict[UUID, tuple[Message, Lane]], used: dict[tuple[UUID, str], store.Used]
) -> Accepted | RecadoError:
    if draft.id in written:
        message, lane = written[draft.id]
        return Accepted(message=message, is_repeat=False, waiting=Waiting(lane=lane, timing=draft.timing))
    assert draft.key is not None
    before = used[draft.instance_id, draft.key]
    if before.request_hash != draft.request_hash:
        return Conflict(
            "idempotency_conflict",
            "This Idempotency-Key was used for another message.",
            hint="Use a new key for a new message; repeat a key only with the very same request.",
        )
    return await repeated(tx, before)


async def repeated(tx: Tx, used: store.Used) -> Accepted | NotFound:
    """The first answer again, as the message stands now."""
    message = await messages.by_id(tx, used.message_id)
    if message is None:
        return NotFound("message_gone", "The message of this Idempotency-Key is gone.")
    return Accepted(message=message, is_repeat=True, waiting=await queue_view.waiting(tx, message.id))


def _refusal(error: Exception) -> RecadoError:
    if isinstance(error, RecadoError):
        return error
    if isinstance(error, psycopg.errors.ForeignKeyViolation):
        return NotFound("instance_gone", "The instance was removed in the meantime.")
    _log.error("intake.failed", exc_info=error)
    return RecadoError("internal", "The message could not be stored.", hint="The log says why.")
