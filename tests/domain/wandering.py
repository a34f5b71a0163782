"""Any history that an instance can have: everything that can happen to it, in any order and at any times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from recado.domain import concerns, life
from recado.domain.blame import OWN_DOING
from recado.domain.concerns import CONCERNS
from recado.domain.engine import Signal
from recado.domain.pauses import Pause
from recado.domain.reactions import SIGNALS
from recado.domain.states import FINAL, LIVE, STATE_ROWS, STATES, WAITING, Observed, State, status_of
from tests.domain.observing import NOW, SECOND, observed, probe, signal, snapshot

YEAR = timedelta(days=365)
_VALUES = {
    "pair_codes": {"codes": st.lists(st.just("2@x"), max_size=6), "first_ms": st.integers(0, 60_000)},
    "disconnected": {"expected": st.booleans()},
    "stream_error": {"code": st.sampled_from(["500", "503", "515", "?"])},
    "connect_failure": {"code": st.sampled_from([400, 409, 500, 503, "503"])},
    "logged_out": {"code": st.sampled_from([401, 403, 406, None])},
    "temporary_ban": {"expires_ms": st.one_of(st.none(), st.integers(0, 10**10))},
    "connect_failed": {"kind": st.sampled_from(["host_down", "storage", "stale_fence", "lease_over", "?", None])},
    "closed": {"cause": st.sampled_from(["lease_expired", "storage_down", "panic", "shutdown", "?", None])},
    "host_down": {"cause": st.sampled_from([*sorted(OWN_DOING), "memory", "ended", None])},
    "offline_done": {"count": st.integers(0, 9)},
}
"""What matters in the data of each signal."""

Step = Callable[[Observed, datetime], Observed]
"""Something that happens at that time."""


def _signals() -> st.SearchStrategy[Step]:
    def step(heard: Signal, jitter: float, is_redialed: bool) -> Step:
        return lambda seen, now: life.react(seen, heard, now, jitter=jitter, is_redialed=is_redialed).after

    names = sorted({name.partition("/")[0] for name in SIGNALS} | {"glorious_news"})
    heard = st.one_of(
        st.fixed_dictionaries({}, optional=_VALUES.get(name, {})).map(lambda data, name=name: signal(name, **data))
        for name in names
    )
    return st.builds(step, heard, st.floats(0, 1), st.booleans())


def _settled(wanted: str, later: int) -> Step:
    def step(seen: Observed, now: datetime) -> Observed:
        after = life.settle(seen, wanted, now + later * SECOND, now)  # type: ignore[arg-type]
        return after.after if after is not None else seen

    return step


def _through_the_database(seen: Observed, now: datetime) -> Observed:
    """The lease is lost, or the process dies: the next one knows what stands in the row, and says that it ended."""
    row = Observed(
        state=seen.state,
        since=seen.since,
        reason=seen.reason,
        user_action=seen.user_action,
        deadline=seen.deadline,
        next_at=seen.next_at,
        streak=seen.attempt,
        takeovers=seen.takeovers,
        heeded_at=seen.since,
    )
    left = life.leave(row, now).after if row.state in LIVE else row
    return life.take_over(left, now, is_new=False).after


def _paused(reason: str, seconds: int) -> Step:
    return lambda seen, now: (
        concerns.restrict(seen, Pause(reason=reason, since=now, until=now + seconds * SECOND)).after  # type: ignore[arg-type]
    )


_OURS: tuple[Step, ...] = (
    lambda seen, now: life.judge(seen, None, now, sent_at=now - 10 * SECOND).after,
    lambda seen, now: life.judge(seen, probe(), now, sent_at=now).after,
    lambda seen, now: life.judge(seen, probe(round_trip_ms=9_000), now, sent_at=now).after,
    lambda seen, now: life.judge(seen, probe(oldest_unanswered_ms=99_000), now, sent_at=now).after,
    *(
        lambda seen, now, shown=shown: life.compare(seen, shown and snapshot(shown), now).after
        for shown in (None, "idle", "dialing", "pairing", "connected", "disconnected")
    ),
    lambda seen, now: life.miss_device(seen, now, was_linked=True).after,
    lambda seen, now: life.miss_device(seen, now, was_linked=False).after,
    lambda seen, now: life.show_code(seen, now + 160 * SECOND, now).after,
    lambda seen, now: life.unlink(seen, now, is_told_to_network=True).after,
    lambda seen, now: life.doubt(seen, timedelta(hours=2), now).after,
    lambda seen, now: life.quarantine(seen, now).after,
    lambda seen, now: life.take_over(seen, now, is_new=True).after,
    lambda seen, now: life.leave(seen, now).after,
    lambda seen, now: concerns.restrict(seen, None).after,
    lambda seen, now: concerns.relieve(seen, list(CONCERNS)).after,
    *(lambda seen, now, one=one: concerns.worry(seen, one).after for one in CONCERNS),
    _through_the_database,
)

STEPS: st.SearchStrategy[Step] = st.one_of(
    _signals(),
    st.sampled_from(_OURS),
    st.builds(_settled, st.sampled_from(["running", "stopped"]), st.integers(-60, 60)),
    st.builds(_paused, st.sampled_from(["time_lock", "new_chats_refused"]), st.integers(0, 90_000)),
)


@dataclass(frozen=True, slots=True)
class History:
    """What it is in at first, and what happens, each thing so many seconds after the one before."""

    first: State
    steps: list[tuple[Step, int]]


HISTORIES = st.builds(History, st.sampled_from(STATES), st.lists(st.tuples(STEPS, st.integers(0, 400)), max_size=20))


@dataclass(slots=True)
class Walk:
    """An instance and its clock; each step is looked at for what must never be."""

    seen: Observed
    now: datetime = NOW

    @classmethod
    def through(cls, history: History, *, deadlines: int = 4) -> Walk:
        """All of it, and then so many deadlines at which nothing else has happened."""
        lasts = history.first in FINAL or history.first == "connected"
        first = {"awaiting_scan": "scan_qr"} | dict.fromkeys(FINAL, "start")
        seen = observed(history.first, user_action=first.get(history.first))
        walk = cls(seen if lasts else replace(seen, deadline=seen.deadline or NOW + 45 * SECOND))
        for step, seconds in history.steps:
            walk.go(step, seconds)
        for _ in range(deadlines):
            if walk.seen.deadline is not None:
                walk.meet_deadline()
        return walk

    def go(self, step: Step, seconds: int) -> None:
        """Let the time pass, with what it brings, then let that happen."""
        end = self.now + seconds * SECOND
        while self.seen.deadline is not None and self.seen.deadline <= end:
            self.meet_deadline()
        self.now = end
        self.seen = step(self.seen, self.now)
        self.look()

    def meet_deadline(self) -> None:
        """What the end of the state's time brings is another state, or the same one with a later end."""
        before = self.seen
        assert before.deadline is not None
        self.now = max(self.now, before.deadline)
        step = life.overdue(before, self.now)
        assert step is not None
        self.seen = step.after
        is_onwards = self.seen.state != before.state or (
            self.seen.deadline is not None and self.seen.deadline > before.deadline
        )
        assert is_onwards, f"{before.state} stays for ever"
        self.look()

    def look(self) -> None:
        seen = self.seen
        lasts = seen.state in FINAL or seen.state == "connected"
        assert (seen.deadline is None) == lasts, f"{seen.state} has the deadline {seen.deadline}"
        assert seen.deadline is None or seen.deadline <= self.now + YEAR
        assert (seen.next_at is not None) == (seen.state in WAITING)
        assert seen.next_at in (None, seen.deadline)
        assert seen.status == status_of(seen.state) == STATE_ROWS[seen.state].status
        assert seen.state not in {*FINAL, "awaiting_scan"} or seen.user_action is not None
        assert seen.since <= self.now + 60 * SECOND
