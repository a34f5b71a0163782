"""One instance's runner: hears all about it in order, times its deadlines, and brings what is to what is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final

from recado.clock import Clock
from recado.domain import life
from recado.domain.engine import Engine, EngineError, Probe, Signal, Snapshot
from recado.domain.instances import Instance, Linked, Pairing, linked_of
from recado.domain.states import LIVE, ONLINE, Observed, State, Transition
from recado.services.roster import Roster
from recado.store import instances

from .codes import Codes
from .items import Begin, Guilty, Item, Look, NoDevice, Order, Probed, Seen, Yield
from .mailbox import Mailbox
from .recorder import Lost, Recorder
from .stagger import Stagger

_BY_WISH: Final = frozenset({"starting", "start_wanted", "restart_wanted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every session works with. `dialing` says who may dial when; `chance` makes the jitter."""

    engine: Engine
    clock: Clock
    recorder: Recorder
    roster: Roster
    dialing: Stagger
    chance: Random


class Session:
    """Everything about one instance happens in `run`, one thing after the other; `post` is how it is told."""

    def __init__(self, instance: Instance, fence: int, takeovers: tuple[datetime, ...], parts: Parts) -> None:
        self.instance = instance
        self.fence = fence
        self.parts = parts
        self.observed = observed_of(instance, takeovers)
        self.version = 0
        self.dial = 0
        self.linked = Linked()
        self._mailbox: Mailbox[Item] = Mailbox(parts.clock)
        self._codes = Codes()
        self._has_begun = False
        self._is_removed = False
        self._is_redialed = False
        self._is_by_wish = False

    @property
    def name(self) -> str:
        """How the engine knows it."""
        return str(self.instance.id)

    def post(self, item: Item) -> None:
        self._mailbox.put(item)

    async def run(self) -> None:
        """Live until cancelled, removed, or the lease is lost (raises Lost)."""
        if self.observed.state in LIVE and self.instance.checked_at is not None:
            await self.take(life.leave(self.observed, self.parts.clock.now()))
        while not self._is_removed:
            await self._hear(await self._mailbox.take(self._next_moment()))

    def refuse_orders(self, error: Exception) -> None:
        """Nobody will perform what still waits."""
        for item in self._mailbox.empty():
            if isinstance(item, Order):
                item.refuse(error)

    async def take(self, step: Transition, linked: Linked | None = None, pairing: Pairing | None = None) -> None:
        """Make a step: what has to end ends first, then it is written, then what has to begin begins. Raises Lost."""
        parts = self.parts
        if step.after.state not in ONLINE:
            parts.roster.leave(self.instance.id)
        if step.hangs_up:
            await parts.engine.stop(self.name, self.fence)
        if step.is_told or step.after != step.before or step.credentials_gone or pairing is not None:
            await self.write(step, linked, pairing)
        if step.clears_code:
            self._codes.clear()
        if step.after.state in ONLINE:
            parts.roster.enter(self.instance.id, self.fence)
        if step.dials:
            await self._open(is_by_wish=step.code in _BY_WISH)
        if step.pairs:
            await self._pair()

    async def write(self, step: Transition, linked: Linked | None = None, pairing: Pairing | None = None) -> None:
        """Write the row as it is after the step, and the code that it shows. Raises Lost."""
        if linked is not None:
            self.linked = linked
        if step.credentials_gone:
            self.linked = Linked()
        self.instance = await self.parts.recorder.record(self.instance, self.fence, step, self.linked, pairing)
        self.observed = step.after
        self.version += 1

    async def look(self) -> None:
        """Read the row and heed what is wanted of it."""
        row = await self.parts.recorder.persist(lambda tx: instances.get(tx, self.instance.id))
        if row is None:
            raise Lost
        self.instance = row
        step = life.settle(self.observed, row.wanted, row.wanted_at, self.parts.clock.now())
        if step is not None:
            self._has_begun = True
            await self.take(step)

    async def snapshot(self) -> Snapshot | None:
        """The engine's picture of this session; None when it has it not open, or does not answer."""
        try:
            shown = await self.parts.engine.sessions()
        except EngineError:
            return None
        return next((one for one in shown if one.session == self.name), None)

    def end(self) -> None:
        """The instance is removed; nothing more happens here."""
        self._is_removed = True

    def jitter(self) -> float:
        return self.parts.chance.random()

    def forget_codes(self) -> None:
        self._codes.clear()

    async def _hear(self, item: Item | None) -> None:
        now = self.parts.clock.now()
        match item:
            case None:
                await self._pass_time(now)
            case Signal():
                await self._signal(item, now)
            case Begin():
                await self._begin(now)
            case Look():
                await self.look()
            case Yield():
                raise Lost
            case Guilty():
                await self.take(life.quarantine(self.observed, now))
            case NoDevice():
                await self._miss_device(now)
            case Seen(snapshot=snapshot, version=version):
                if version == self.version:
                    await self.compare(snapshot)
            case Probed(probe=probe, sent_at=sent_at, dial=dial):
                if dial == self.dial:
                    await self.judge(probe, sent_at)
            case Order():
                await item.perform(self)

    async def compare(self, snapshot: Snapshot | None) -> None:
        """Correct what the engine's picture shows otherwise."""
        is_ours = snapshot is not None and snapshot.fence == self.fence
        step = life.compare(self.observed, snapshot if is_ours else None, self.parts.clock.now(), jitter=self.jitter())
        linked = None
        if is_ours and snapshot is not None and snapshot.device is not None:
            device = snapshot.device
            linked = linked_of(device.jid, device.lid, device.push_name, self.linked.platform)
        await self.take(step, linked)

    async def judge(self, probe: Probe | None, sent_at: datetime) -> None:
        now = self.parts.clock.now()
        await self.take(life.judge(self.observed, probe, now, sent_at=sent_at, jitter=self.jitter()))

    async def _begin(self, now: datetime) -> None:
        if self._has_begun:
            return
        self._has_begun = True
        row = self.instance
        wish = life.settle(self.observed, row.wanted, row.wanted_at, now)
        await self.take(wish or life.take_over(self.observed, now, is_new=row.checked_at is None))

    async def _signal(self, signal: Signal, now: datetime) -> None:
        if signal.session and signal.fence != self.fence:
            return None
        if signal.type == "host_up" and not self._has_begun:
            return await self._begin(now)
        if signal.type in ("dialing", "connected"):
            self._is_redialed = False
        step = life.react(self.observed, signal, now, jitter=self.jitter(), is_redialed=self._is_redialed)
        said = signal.data.get
        linked = linked_of(said("jid"), said("lid"), said("push_name"), said("platform"))
        await self.take(step, linked if signal.type == "connected" else None, self._offered(signal, step, now))
        return None

    def _offered(self, signal: Signal, step: Transition, now: datetime) -> Pairing | None:
        """The code that a signal brought for the phone."""
        seen = step.after
        if seen.state != "awaiting_scan" or seen.deadline is None:
            return None
        if signal.type == "pair_codes" and seen.user_action == "scan_qr":
            self._codes.replace(life.code_spans(signal.data, now))
            return self._codes.shown
        if signal.type in ("passkey_request", "passkey_confirmation"):
            self._codes.clear()
            code = str(signal.data.get("code") or signal.data.get("public_key") or "")
            return Pairing(method="passkey", code=code, phone=None, expires_at=seen.deadline)
        return None

    async def _show_next(self) -> None:
        if self._codes.shown is not None:
            await self.parts.recorder.show(self.instance, self.fence, self._codes.shown)

    def _next_moment(self) -> datetime | None:
        moments = (self.observed.deadline, self._codes.next_at)
        return min((moment for moment in moments if moment is not None), default=None)

    async def _pass_time(self, now: datetime) -> None:
        step = life.overdue(self.observed, now, jitter=self.jitter())
        if step is not None:
            self._has_begun = True
            await self.take(step)
        elif self._codes.pass_time(now):
            await self._show_next()

    async def _open(self, *, is_by_wish: bool) -> None:
        """Have the engine dial. What has no device is paired; an answer that failed has said so as a signal before."""
        self._is_by_wish = is_by_wish
        self._is_redialed = True
        self.dial += 1
        self.version += 1
        async with self.parts.dialing.turn():
            device = await self.parts.engine.start(self.name, self.fence)
        if device is None:
            self.post(NoDevice())

    async def _miss_device(self, now: datetime) -> None:
        """Pair it; one that was linked, and whose device nobody asked to replace, has lost it if the engine says so."""
        was_linked = self.instance.phone_number is not None and not self._is_by_wish
        if was_linked:
            snapshot = await self.snapshot()
            if snapshot is None or snapshot.device is not None:
                return
        await self.take(life.miss_device(self.observed, now, was_linked=was_linked))

    async def _pair(self) -> None:
        try:
            await self.parts.engine.pair_qr(self.name, self.fence)
        except EngineError as error:
            self.post(
                Signal(
                    session=self.name,
                    fence=self.fence,
                    type="connect_failed",
                    at=self.parts.clock.now(),
                    data={"error": str(error), "kind": error.kind},
                )
            )


def observed_of(instance: Instance, takeovers: tuple[datetime, ...]) -> Observed:
    """What the row says."""
    state: State = instance.state  # type: ignore[assignment] # the table's own check names the same ones
    return Observed(
        state=state,
        since=instance.since,
        reason=instance.reason,
        user_action=instance.user_action,  # type: ignore[arg-type] # written from these alone
        deadline=instance.deadline,
        next_at=instance.next_at,
        streak=instance.attempt,
        takeovers=takeovers,
        heeded_at=instance.since,
    )
