"""Takes in history: what the phone offers, and batch after batch of the piece that is being fetched."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.errors import NotFound, Unavailable
from recado.domain.events import NewEvent
from recado.domain.history import BEGUN, FIRST_TYPES
from recado.domain.rescue import plain_message
from recado.domain.sync import HistoryBatch, HistoryMessage, HistoryNotice
from recado.services.bell import Bell
from recado.services.names import Names
from recado.services.patience import patiently
from recado.services.receiving.halves import by_halves
from recado.store import history, history_pieces, identities, log, timeline
from recado.store.database import Database
from recado.store.history_pieces import Due
from recado.telemetry import EVENTS, HISTORY, UNKNOWN_SESSIONS

_log = structlog.get_logger()


class HistoryIntake:
    """Returns after the commit; while the database is away it waits. Batches are taken in the order of arrival.

    `on_offer` is called when there is something new to fetch.
    """

    def __init__(self, database: Database, clock: Clock, bell: Bell, on_offer: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._on_offer = on_offer
        self._names = Names(clock)
        self._turn = asyncio.Lock()
        self._open: Due | None = None

    @contextlib.contextmanager
    def opened(self, piece: Due) -> Iterator[None]:
        """Take batches of this piece until the end of the block."""
        self._open = piece
        try:
            yield
        finally:
            self._open = None

    async def take_notice(self, notice: HistoryNotice) -> None:
        """Keep what the phone offers."""
        try:
            instance_id = UUID(notice.session)
        except ValueError:
            UNKNOWN_SESSIONS.inc()
            return
        if await patiently(self._clock, "history notice", lambda: self._offer(instance_id, notice)):
            self._on_offer()

    async def take_batch(self, batch: HistoryBatch) -> None:
        """Store it. Raises Unavailable when nobody is fetching that piece, NotFound when its instance is gone."""
        async with self._turn:
            piece = self._open
            if piece is None or batch.id != str(piece.id):
                raise Unavailable("not_fetching", "Nobody is fetching that piece of history any more.")
            try:
                await self._store(piece, batch)
            except NotFound:
                raise
            except Exception as error:
                _log.warning("history.batch_refused", instance=batch.session, error=str(error))
                await self._store_carefully(piece, batch)

    async def _store_carefully(self, piece: Due, batch: HistoryBatch) -> None:
        """First what it says of chats and people; then its messages, of which the wrong one is kept raw."""

        async def store(messages: Sequence[HistoryMessage]) -> None:
            rest = HistoryBatch(session=batch.session, id=batch.id, messages=tuple(messages))
            await self._store(piece, rest)

        async def rescue(message: HistoryMessage, error: Exception) -> None:
            incoming = message.incoming
            _log.error("history.kept_raw", instance=batch.session, wa_id=incoming.wa_id, error=str(error))
            await store([replace(message, incoming=plain_message(incoming, error), stub=None)])

        await self._store(piece, replace(batch, messages=()))
        if batch.messages:
            await by_halves(batch.messages, store, rescue)

    async def _store(self, piece: Due, batch: HistoryBatch) -> None:
        HISTORY.inc(await patiently(self._clock, "history", lambda: self._write(piece, batch)))

    async def _write(self, piece: Due, batch: HistoryBatch) -> int:
        id = piece.instance_id
        async with self._database.transaction(locks=identities.locks([id])) as tx:
            name = (await self._names.of(tx, [id])).get(id, "")
            written = await history.write(tx, id, name, batch, new_id=self._clock.new_id, now=self._clock.now())
            if not await history_pieces.grow(tx, piece.id, batch, written.added):
                raise NotFound("piece_gone", "That piece of history is gone, with its instance.")
            log.append_last(tx, written.events)
        self._tell(written.events)
        return written.added

    async def _offer(self, instance_id: UUID, notice: HistoryNotice) -> bool:
        """Whether there is something new to fetch."""
        now = self._clock.now()
        async with self._database.transaction(locks=identities.locks([instance_id])) as tx:
            if instance_id not in await self._names.of(tx, [instance_id]):
                UNKNOWN_SESSIONS.inc()
                return False
            before = await history_pieces.progress(tx, instance_id)
            id = self._clock.new_id()
            begins = before.is_over and notice.sync_type in FIRST_TYPES and notice.request is None
            is_new = await history_pieces.offer(tx, instance_id, notice, id=id, begins=begins, now=now)
            if is_new and begins:
                step = timeline.Step(id=id, instance_id=instance_id, at=now, code=BEGUN, state=None, params={})
                await timeline.add(tx, [step])
        return is_new

    def _tell(self, events: Sequence[NewEvent]) -> None:
        for event in events:
            EVENTS.labels(event.type).inc()
        if events:
            self._bell.ring()
