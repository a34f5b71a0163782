"""The worker for history: fetches one piece after the other, over all instances, and tells the phones how it went."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.changes import Occasion
from recado.domain.engine import EngineError
from recado.domain.errors import Unavailable
from recado.domain.events import NewEvent
from recado.domain.history import COMPLETE, HOPELESS, PIECE_LOST, History, history_json, progress_event
from recado.domain.retries import backoff
from recado.domain.sync import HistoryFetched, HistorySource
from recado.services.alarm import Alarm
from recado.services.bell import Bell
from recado.services.patience import patiently
from recado.services.receiving.history_intake import HistoryIntake
from recado.services.roster import Roster
from recado.store import activity, chat_flags, history, history_pieces, history_requests, identities, log, timeline
from recado.store.database import Database, Tx
from recado.store.history_pieces import Due
from recado.telemetry import EVENTS, HISTORY_PIECES

_log = structlog.get_logger()


class HistoryWorker:
    """Serves the instances of the roster; a piece that failed is tried again, later and at the next connect.

    `on_answer` is called when requests for older messages have come to their end.
    """

    def __init__(
        self,
        database: Database,
        source: HistorySource,
        roster: Roster,
        clock: Clock,
        bell: Bell,
        *,
        on_answer: Callable[[], None],
    ) -> None:
        self.intake = HistoryIntake(database, clock, bell, self.wake)
        self._database = database
        self._source = source
        self._roster = roster
        self._clock = clock
        self._bell = bell
        self._on_answer = on_answer
        self._chance = Random(clock.new_id().int)
        self._alarm = Alarm(clock)
        self._came_in: set[UUID] = set()

    def wake(self) -> None:
        """There may be something to fetch."""
        self._alarm.ring()

    async def run(self) -> None:
        self._roster.hear(self._connected)
        while True:
            moment = await patiently(self._clock, "history worker", self._work)
            await self._alarm.wait(moment)

    def _connected(self, instance_id: UUID) -> None:
        self._came_in.add(instance_id)
        self._alarm.ring()

    async def _work(self) -> datetime | None:
        """All that is due; when the next piece will be."""
        while True:
            await self._hurry()
            connected = self._roster.connected()
            if not connected:
                return None
            async with self._database.transaction() as tx:
                piece = await history_pieces.next_due(tx, connected, self._clock.now())
                if piece is None:
                    return await history_pieces.next_at(tx, connected)
            await self._settle(piece, connected[piece.instance_id])

    async def _hurry(self) -> None:
        """Whatever waits for its next try is tried at once where the instance has just come in."""
        while self._came_in:
            instance_id = next(iter(self._came_in))
            async with self._database.transaction() as tx:
                await history_pieces.hurry(tx, instance_id)
            self._came_in.discard(instance_id)

    async def _settle(self, piece: Due, fence: int) -> None:
        is_lost = piece.state == "lost"
        try:
            if piece.state == "waiting":
                is_lost = await self._fetch(piece, fence)
            await self._say_how_it_went(piece, fence, is_lost=is_lost)
        except Unavailable:
            raise
        except Exception as error:
            await self._postpone(piece, error)

    async def _fetch(self, piece: Due, fence: int) -> bool:
        """Whether it is lost. Raises EngineError when it is to be tried again."""
        async with self._database.transaction() as tx:
            await history_pieces.begin(tx, piece.id)
        try:
            with self.intake.opened(piece):
                fetched = await self._source.fetch_history(
                    str(piece.instance_id), fence, str(piece.id), piece.notification
                )
        except EngineError as error:
            if error.kind not in HOPELESS:
                raise
            await self._write_end(piece, error)
            return True
        await self._write_end(piece, fetched)
        return False

    async def _say_how_it_went(self, piece: Due, fence: int, *, is_lost: bool) -> None:
        try:
            await self._source.end_history(
                str(piece.instance_id), fence, piece.wa_id, piece.notification, is_lost=is_lost
            )
        except EngineError as error:
            if error.may_retry:
                raise
            _log.warning("history.phone_not_told", instance=str(piece.instance_id), error=str(error))
        async with self._database.transaction() as tx:
            await history_pieces.end(tx, piece.id, self._clock.now())

    async def _postpone(self, piece: Due, error: Exception) -> None:
        attempts = piece.attempts + 1
        until = self._clock.now() + backoff(attempts, self._chance.random())
        _log.warning("history.postponed", instance=str(piece.instance_id), attempts=attempts, error=repr(error))
        async with self._database.transaction() as tx:
            await history_pieces.postpone(tx, piece.id, attempts, until, str(error) or repr(error))

    async def _write_end(self, piece: Due, end: HistoryFetched | EngineError) -> None:
        """It is stored, or lost, with all that follows from it."""
        id, now = piece.instance_id, self._clock.now()
        async with self._database.transaction(locks=identities.locks([id])) as tx:
            name = (await activity.names(tx, [id])).get(id)
            if name is None:
                return
            before = await history_pieces.progress(tx, id)
            if isinstance(end, EngineError):
                await history_pieces.lose(tx, piece.id, str(end))
            else:
                await history_pieces.store(tx, piece.id, end)
                await self._heed_app_state(tx, piece)
            after = await history_pieces.progress(tx, id)
            await history_pieces.show(tx, id, after.percent)
            await timeline.add(tx, self._steps(piece, end, before, after))
            if piece.request is not None:
                await history_requests.answer(tx, id, piece.request, now)
            is_lost = isinstance(end, EngineError)
            on = Occasion(id=self._clock.new_id(), time=now, instance_id=id, instance_name=name)
            event = progress_event(on, after, piece_id=piece.id, sync_type=piece.sync_type, is_lost=is_lost)
            log.append_last(tx, [event])
        self._tell(name, piece, end, event)

    async def _heed_app_state(self, tx: Tx, piece: Due) -> None:
        """What the phone's app state says of the chats that this piece has named is newer than the piece."""
        named = await history.named_since(tx, piece.instance_id, piece.offered_at)
        if named:
            await chat_flags.heed(tx, [chat_flags.spot_of(chat) for chat in named], marks=True)

    def _steps(
        self, piece: Due, end: HistoryFetched | EngineError, before: History, after: History
    ) -> list[timeline.Step]:
        said: list[tuple[str, dict[str, Any]]] = []
        if isinstance(end, EngineError):
            said.append((PIECE_LOST, {"error": str(end), "kind": end.kind}))
        if after.state == "complete" and before.state != "complete":
            said.append((COMPLETE, history_json(after)))
        now, id = self._clock.now(), piece.instance_id
        return [
            timeline.Step(id=self._clock.new_id(), instance_id=id, at=now, code=code, state=None, params=params)
            for code, params in said
        ]

    def _tell(self, name: str, piece: Due, end: HistoryFetched | EngineError, event: NewEvent) -> None:
        if isinstance(end, EngineError):
            _log.warning("history.piece_lost", instance=name, type=piece.sync_type, error=str(end))
        else:
            _log.info(
                "history.piece_stored",
                instance=name,
                type=piece.sync_type,
                chats=end.conversations,
                messages=end.messages,
                skipped=end.skipped,
                percent=event.data["percent"],
            )
        EVENTS.labels(event.type).inc()
        HISTORY_PIECES.labels("lost" if isinstance(end, EngineError) else "stored").inc()
        self._bell.ring()
        if piece.request is not None:
            self._on_answer()
