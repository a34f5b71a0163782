"""What an instance can be in: each state with its status and its time limit, and the values that say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from .instances import Status

State = Literal[
    "starting",
    "awaiting_scan",
    "pairing",
    "syncing",
    "connected",
    "degraded",
    "reconnecting",
    "conflict",
    "blocked",
    "logged_out",
    "failed",
    "stopped",
]
UserAction = Literal[
    "scan_qr",
    "enter_code",
    "confirm_passkey",
    "compare_passkey_code",
    "start",
    "pair_again",
    "close_other_session",
    "wait_for_ban",
    "write_to_known",
    "open_phone",
    "update_recado",
]

STATES: Final[tuple[State, ...]] = get_args(State)
LIVE: Final = frozenset[State](("starting", "awaiting_scan", "pairing", "syncing", "connected", "degraded"))
ONLINE: Final = frozenset[State](("connected", "degraded"))
WAITING: Final = frozenset[State](("reconnecting", "conflict", "blocked"))
FINAL: Final = frozenset[State](("logged_out", "failed", "stopped"))
MOVED: Final = "moved"
"""The reason of an instance that went away with a backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRow:
    """A state: the status that front ends see, and how long it may last when nothing is said about that.

    `limit` is None for a state that may last, and for one whose end is given on entering it (`ends`).
    """

    status: Status
    meaning: str
    limit: timedelta | None = None
    ends: str = ""


STATE_ROWS: Final[dict[State, StateRow]] = {
    "starting": StateRow(status="connecting", meaning="dialing, logging in", limit=timedelta(seconds=60)),
    "awaiting_scan": StateRow(
        status="connecting", meaning="a QR, a pairing code or a passkey waits for the phone", ends="the last code's end"
    ),
    "pairing": StateRow(
        status="connecting", meaning="the phone has agreed, the first login follows", limit=timedelta(seconds=60)
    ),
    "syncing": StateRow(
        status="connecting", meaning="logged in, what was kept meanwhile is coming", limit=timedelta(seconds=60)
    ),
    "connected": StateRow(status="connected", meaning="proven by a round trip every 30 s"),
    "degraded": StateRow(status="connected", meaning="slow, or a probe went unanswered", limit=timedelta(seconds=45)),
    "reconnecting": StateRow(status="disconnected", meaning="waiting for the next attempt", ends="`next_at`"),
    "conflict": StateRow(status="disconnected", meaning="opened elsewhere", ends="`next_at`, a minute later"),
    "blocked": StateRow(
        status="disconnected", meaning="banned for a time, or too old for the network", ends="`next_at`"
    ),
    "logged_out": StateRow(status="disconnected", meaning="unlinked; the credentials are gone"),
    "failed": StateRow(status="disconnected", meaning="could not be paired, or brings the engine down"),
    "stopped": StateRow(status="disconnected", meaning="stopped, or gave up"),
}


def status_of(state: State) -> Status:
    return STATE_ROWS[state].status


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the worker sees of an instance, and what it must remember to decide the next step.

    `deadline` is when the state ends by itself; `next_at` the same time where that end is a new attempt. `streak`
    counts the waits in a row, `online_since` says when the login was complete, `routine_at` the last reconnect at once,
    `takeovers` when the session was taken back, `heeded_at` the newest wish that was acted upon, `concerns` what is
    wrong while it is connected.
    """

    state: State
    since: datetime
    reason: str | None = None
    user_action: UserAction | None = None
    deadline: datetime | None = None
    next_at: datetime | None = None
    streak: int = 0
    online_since: datetime | None = None
    routine_at: datetime | None = None
    takeovers: tuple[datetime, ...] = ()
    heeded_at: datetime | None = None
    concerns: frozenset[str] = frozenset()

    @property
    def status(self) -> Status:
        return status_of(self.state)

    @property
    def attempt(self) -> int:
        """The number of the attempt that is made or waited for; 0 in every other state."""
        return max(1, self.streak) if self.state in ("starting", "reconnecting") else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A step from one observation to the next, and what the worker has to do about it.

    `code` names the step in the timeline; None when there is nothing to tell.
    """

    before: Observed
    after: Observed
    code: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    dials: bool = False
    pairs: bool = False
    hangs_up: bool = False
    credentials_gone: bool = False

    @property
    def is_told(self) -> bool:
        """Whether it is a row of the timeline, an event and a log line."""
        return self.code is not None

    @property
    def clears_code(self) -> bool:
        """Whether there is nothing to scan or to type from now on."""
        return self.after.state != "awaiting_scan"
