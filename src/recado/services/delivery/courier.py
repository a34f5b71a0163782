"""Carries one webhook's events: in order for each chat, many chats at a time, what fails set aside for later."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import aclosing
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, assert_never

import structlog

from recado.clock import Clock
from recado.domain.delivery import (
    MOST_PARKED,
    WINDOW,
    WINDOW_BYTES,
    Delivered,
    Failed,
    Outcome,
    Parked,
    Refused,
    attempt_at,
    hold,
    park,
)
from recado.domain.errors import Gone, Unavailable
from recado.domain.events import WEBHOOK_DISABLED, WEBHOOK_FAILING, WEBHOOK_GAP, WEBHOOK_PAUSED, rfc3339
from recado.domain.progress import Progress
from recado.domain.receiver import Receiver
from recado.domain.sink import Parcel, Sink
from recado.domain.webhooks import Webhook, event_types, webhook_event
from recado.services.alarm import Alarm
from recado.services.tenure import Tenure
from recado.store.database import Database
from recado.store.deliveries import Cursor
from recado.telemetry import DELIVERIES

from .feed import Feed
from .lane import Lane
from .lanes import Lanes
from .parcels import find_parcel
from .settling import LostFence, Settling
from .tail import Tail, Wish

log = structlog.get_logger()

_TRIES_AGAIN: Final = timedelta(seconds=1)
_LAST_WORDS: Final = 2.0
_COUNTERS: Final = {outcome: DELIVERIES.labels(outcome.__name__.lower()) for outcome in (Delivered, Failed, Refused)}


class Courier:
    """One webhook under one fence, from its cursor on, until `stop`, 410, a lost fence or cancellation."""

    def __init__(
        self,
        *,
        webhook: Webhook,
        fence: int,
        cursor: Cursor,
        parked: list[Parked],
        sink: Sink,
        tail: Tail,
        database: Database,
        clock: Clock,
        tenure: Tenure,
        chance: Random,
    ) -> None:
        self._webhook = webhook
        self._sink = sink
        self._database = database
        self._clock = clock
        self._tenure = tenure
        self._chance = chance
        self._progress = Progress(cursor.position)
        self._receiver = Receiver(failing_since=cursor.failing_since, probe_at=cursor.probe_at)
        self._lanes = Lanes(parked)
        self._has_more_parked = len(parked) >= MOST_PARKED
        types = event_types(webhook.events)
        self._hears_all_gaps = types is None or WEBHOOK_GAP in types
        wish = Wish(instance_id=webhook.instance_id, types=None if types is None else types | {WEBHOOK_GAP})
        self._feed = Feed(tail, cursor.position, wish)
        self._settling = Settling(database, clock, webhook.id, fence, self._cursor, tail.ring)
        self._alarm = Alarm(clock)
        self._alarm_set_to: datetime | None = None
        self._room = asyncio.Event()
        self._stopping = asyncio.Event()
        self._quiet = asyncio.Event()

    def stop(self) -> None:
        """Start nothing more, finish what is under way, write it down, end."""
        self._stopping.set()

    def resume(self) -> None:
        """Go on after the tenure had been over for a while."""
        for lane in self._lanes:
            self._wake(lane)
        self._alarm.ring()

    async def run(self) -> None:
        """Raises LostFence, alone in an ExceptionGroup, when somebody else has taken over."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                books = tasks.create_task(self._settling.run())
                others = [tasks.create_task(self._take_events()), tasks.create_task(self._mind())]
                for lane in self._lanes:
                    self._wake(lane)
                try:
                    await self._stopping.wait()
                finally:
                    self._reach_idle()  # who no longer listens does not know what came afterwards
                for task in others:
                    task.cancel()
                while not self._lanes.is_quiet:
                    self._quiet.clear()
                    await self._quiet.wait()
                books.cancel()
        finally:
            await self._sink.close()
            with contextlib.suppress(Unavailable, LostFence, TimeoutError):
                async with asyncio.timeout(_LAST_WORDS):
                    await self._settling.write()

    def _reach_idle(self) -> None:
        idle_at = self._feed.idle_at
        if idle_at is not None:
            self._progress.reach(idle_at)

    def _cursor(self) -> Cursor:
        self._reach_idle()
        return Cursor(
            position=self._progress.cursor,
            failing_since=self._receiver.failing_since,
            probe_at=self._receiver.probe_at,
        )

    async def _take_events(self) -> None:
        while True:
            try:
                async with aclosing(self._feed.windows()) as windows:
                    async for window in windows:
                        for parcel in window.parcels:
                            await self._until_there_is_room()
                            self._take(parcel)
                        self._progress.reach(window.reached)
            except Unavailable:
                await self._clock.sleep(_TRIES_AGAIN)
            except Gone:
                self.stop()  # Whoever takes the webhook up again tells of the gap.
                return

    async def _until_there_is_room(self) -> None:
        while self._is_full:
            self._room.clear()
            await self._room.wait()

    @property
    def _is_full(self) -> bool:
        too_many = self._has_more_parked or self._lanes.parked_count >= MOST_PARKED
        return too_many or self._progress.unsettled >= WINDOW or self._progress.size >= WINDOW_BYTES

    def _take(self, parcel: Parcel) -> None:
        self._progress.take(parcel.event.position, len(parcel.body))
        if not self._concerns(parcel):
            self._progress.settle(parcel.event.position)
            return
        lane = self._lanes.of(parcel)
        lane.fresh.append(parcel)
        if lane.parked_count and (self._receiver.is_down or lane.is_blocked(self._clock.now())):
            self._hold_fresh(lane)
        self._wake(lane)

    def _concerns(self, parcel: Parcel) -> bool:
        """A gap of its own is told to every webhook, those of others to whoever has asked for them."""
        if self._hears_all_gaps or parcel.event.type != WEBHOOK_GAP:
            return True
        return bool(parcel.event.data["webhook_id"] == str(self._webhook.id))

    def _wake(self, lane: Lane) -> None:
        """Let it go on if it has something that may be tried now, else let it sleep."""
        if lane.is_busy:
            return
        if self._next(lane) is None:
            self._lanes.rest(lane, self._clock.now())
            self._ring_if_sooner()
        elif self._lanes.enter(lane):
            self._tasks.create_task(self._work(lane))

    def _next(self, lane: Lane) -> Parked | Parcel | None:
        if self._receiver.is_down or self._stopping.is_set() or self._tenure.is_over:
            return None
        return lane.next(self._clock.now())

    async def _work(self, lane: Lane | None) -> None:
        while lane is not None:
            while (item := self._next(lane)) is not None:
                await self._try(lane, item)
            lane = self._lanes.leave(lane, self._clock.now())
            self._ring_if_sooner()
        if self._lanes.is_quiet:
            self._quiet.set()

    async def _mind(self) -> None:
        """Wake lanes when their time comes; while the receiver is down, try one delivery at a time instead."""
        while True:
            if self._tenure.is_over:
                await self._alarm.wait(None)  # until `resume`: what is due meanwhile would be woken without end
                continue
            is_down = self._receiver.is_down
            candidate = self._lanes.candidate() if is_down else None
            now = self._clock.now()
            if is_down and candidate is not None and (self._receiver.probe_at or now) <= now:
                await self._probe(*candidate)
            elif is_down:
                await self._alarm.wait(self._receiver.probe_at if candidate is not None else None)
            else:
                for lane in self._lanes.woken(now):
                    self._wake(lane)
                self._alarm_set_to = self._lanes.wakes_at
                await self._alarm.wait(self._alarm_set_to)

    def _ring_if_sooner(self) -> None:
        if self._receiver.is_down or self._lanes.wakes_at != self._alarm_set_to:
            self._alarm.ring()

    async def _probe(self, lane: Lane, item: Parked | Parcel) -> None:
        lane.is_busy = True
        await self._try(lane, item, is_probe=True)
        lane.is_busy = False
        self._wake(lane)

    async def _try(self, lane: Lane, item: Parked | Parcel, *, is_probe: bool = False) -> None:
        row = item if isinstance(item, Parked) else None
        try:
            parcel = await find_parcel(self._database, self._clock, row.position) if row is not None else item
        except Gone:
            self.stop()
            return
        if not isinstance(parcel, Parcel):
            self._forget(lane, item)
            return
        started = self._clock.now()
        outcome = await self._sink.deliver(parcel)
        self._record(parcel, row, outcome, started)
        _COUNTERS[type(outcome)].inc()
        match outcome:
            case Delivered():
                self._forget(lane, item)
                self._receiver_answered()
            case Failed():
                self._failed(lane, item, outcome, is_probe=is_probe)
            case Refused():
                self._refused(outcome)
            case _:
                assert_never(outcome)

    def _record(self, parcel: Parcel, row: Parked | None, outcome: Outcome, started: datetime) -> None:
        self._settling.tried(
            attempt_at(
                parcel.event,
                outcome,
                id=self._clock.new_id(),
                webhook_id=self._webhook.id,
                attempt=row.attempts + 1 if row is not None else 1,
                started=started,
                ended=self._clock.now(),
            )
        )

    def _forget(self, lane: Lane, item: Parked | Parcel) -> None:
        """It is settled for good."""
        if isinstance(item, Parcel):
            lane.fresh.popleft()
            self._progress.settle(item.event.position)
        else:
            self._lanes.unpark(lane, item.position)
            self._settling.unpark(item.position)
            if self._has_more_parked and self._lanes.parked_count == 0:
                self.stop()
        self._room.set()

    def _receiver_answered(self) -> None:
        down_since = self._receiver.answered()
        if down_since is None:
            return
        log.info("webhook.recovered", webhook=str(self._webhook.id))
        now = self._clock.now()
        for lane in self._lanes:
            for row in lane.forgive(down_since, now):
                self._put(lane, row)
            self._wake(lane)

    def _failed(self, lane: Lane, item: Parked | Parcel, failed: Failed, *, is_probe: bool) -> None:
        now, goes_down = self._clock.now(), False
        if failed.blames_receiver:
            goes_down = self._receiver.failed(failed, now)
        else:
            self._receiver_answered()
        if isinstance(item, Parked):
            self._put(lane, self._parked(item, failed, now))
        elif is_probe or not (self._receiver.is_down and failed.blames_receiver):
            self._park_fresh(lane, failed, now)
        if goes_down:
            log.warning("webhook.failing", webhook=str(self._webhook.id), error=failed.error)
            self._tell(WEBHOOK_FAILING, error=failed.error, status=failed.status)
        elif self._receiver.is_given_up(now) and not self._stopping.is_set():
            self._give_up(failed)

    def _parked(self, row: Parked, failed: Failed, now: datetime) -> Parked:
        return park(row, failed, now=now, jitter=self._chance.random(), may_die=not self._receiver.is_down)

    def _give_up(self, failed: Failed) -> None:
        """Leave the cursor where it stands, until somebody sets it going again."""
        since = self._receiver.failing_since
        log.warning("webhook.paused", webhook=str(self._webhook.id), error=failed.error)
        self._settling.switch_off("paused", "unreachable")
        failing_since = rfc3339(since) if since is not None else None
        self._tell(WEBHOOK_PAUSED, failing_since=failing_since, error=failed.error, status=failed.status)
        self.stop()

    def _refused(self, refused: Refused) -> None:
        log.warning("webhook.disabled", webhook=str(self._webhook.id), error=refused.error)
        self._settling.switch_off("disabled", "gone")
        self._tell(WEBHOOK_DISABLED, error=refused.error, status=refused.status)
        self.stop()

    def _park_fresh(self, lane: Lane, failed: Failed, now: datetime) -> None:
        """Set the first one aside, and what waits behind it in its chat too."""
        parcel = lane.fresh.popleft()
        self._put(lane, self._parked(hold(parcel.event.position, lane.order_key), failed, now))
        self._progress.settle(parcel.event.position)
        self._hold_fresh(lane)

    def _hold_fresh(self, lane: Lane) -> None:
        while lane.fresh:
            position = lane.fresh.popleft().event.position
            self._put(lane, hold(position, lane.order_key))
            self._progress.settle(position)
        self._room.set()

    def _put(self, lane: Lane, row: Parked) -> None:
        if row.state == "dead":
            self._lanes.unpark(lane, row.position)
        else:
            self._lanes.park(lane, row)
        self._settling.park(row)

    def _tell(self, type: str, **data: Any) -> None:
        self._settling.tell(webhook_event(self._webhook, type, id=self._clock.new_id(), time=self._clock.now(), **data))
