"""An instance's life as pure functions: what is observed, and what happens, to what is so next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from .concerns import shown
from .engine import Probe, Signal, Snapshot
from .instances import Wanted
from .liveness import spoken
from .reactions import CELLS, SIGNALS, Outcome
from .retries import (
    HOST_PATIENCE,
    OUTDATED_WAIT,
    ROUTINE_ONCE_IN,
    STABLE_AFTER,
    TAKE_BACK_AFTER,
    TAKE_BACK_LIMIT,
    Retry,
    backoff,
    recent,
    storage_wait,
)
from .states import FINAL, LIVE, MOVED, ONLINE, STATE_ROWS, Observed, State, Transition

PROBE_TIMEOUT: Final = timedelta(seconds=10)
SLOW_PROBE_MS: Final = 5_000
BEHIND_MS: Final = 60_000
DEGRADED_FOR: Final = timedelta(seconds=45)
PASSKEY_FOR: Final = timedelta(minutes=2)
CODES_MARGIN: Final = timedelta(seconds=5)
TAKEN_BACK: Final = "taken_back"
_ROUTINE_CODES: Final = frozenset({"503", "515"})
_DOUBTS: Final = frozenset({"keepalive_timeout", "probe_unanswered", "behind"})
_LOGOUT_CODES: Final[dict[str, str]] = {"403": "logged_out/main_device_gone", "406": "logged_out/unknown"}
_TOLD: Final = ("code", "text", "error", "expected", "cause")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """When and with what a stimulus came: `ends` is the deadline that it brings along, `jitter` lies in 0 … 1."""

    now: datetime
    ends: datetime | None = None
    ban: timedelta | None = None
    jitter: float = 0.5
    params: Mapping[str, Any] | None = None


def react(
    observed: Observed, signal: Signal, now: datetime, *, jitter: float = 0.5, is_redialed: bool = False
) -> Transition:
    """Hear a signal. `is_redialed`: a new dial was asked for and has not begun, so a lost socket is the old one.

    A signal that this version does not know changes nothing.
    """
    data = signal.data
    moment = _Moment(
        now=now,
        ends=_ends(signal, now),
        ban=timedelta(milliseconds=int(data.get("expires_ms") or 0)) or None,
        jitter=jitter,
        params={key: data[key] for key in _TOLD if data.get(key) not in (None, "")},
    )
    name = stimulus(observed, signal, now, is_redialed=is_redialed)
    return _apply(observed, name if name in SIGNALS else "dialing", moment)


def stimulus(observed: Observed, signal: Signal, now: datetime, *, is_redialed: bool = False) -> str:
    """The row of the table that a signal is."""
    code = str(signal.data.get("code", ""))
    match signal.type:
        case "pair_codes" if observed.user_action not in (None, "scan_qr"):
            return "pair_codes/other_method"
        case "disconnected" if is_redialed and observed.state in ("starting", "pairing"):
            return "disconnected/old_socket"
        case "disconnected" if observed.state == "awaiting_scan" and _codes_are_used_up(observed, now):
            return "disconnected/codes_used_up"
        case "disconnected" if signal.data.get("expected"):
            return "disconnected/expected"
        case "stream_error" | "connect_failure" if code in _ROUTINE_CODES:
            return f"{signal.type}/routine"
        case "replaced" if len(recent(observed.takeovers, now)) >= TAKE_BACK_LIMIT:
            return "replaced/too_often"
        case "logged_out":
            return _LOGOUT_CODES.get(code, "logged_out")
        case "closed":
            return _named("closed", signal.data.get("cause"))
        case "connect_failed":
            return _named("connect_failed", signal.data.get("kind"))
        case "host_down":
            return _named("host_down", signal.data.get("cause"))
        case "storage_down" if (observed.state, observed.reason) == ("reconnecting", "connection_lost"):
            return "storage_down/why"
        case _:
            return signal.type


def overdue(observed: Observed, now: datetime, *, jitter: float = 0.5) -> Transition | None:
    """What the end of the state's time brings; None while it has time left."""
    if observed.deadline is None or now < observed.deadline:
        return None
    name = "overdue"
    if observed.state == "awaiting_scan":
        name += {"enter_code": "/code", "confirm_passkey": "/passkey", "compare_passkey_code": "/passkey"}.get(
            observed.user_action or "", ""
        )
    step = _apply(observed, name, _Moment(now=now, jitter=jitter))
    if observed.state != "conflict":
        return step
    return replace(step, after=replace(step.after, takeovers=(*recent(observed.takeovers, now), now)))


def judge(
    observed: Observed, probe: Probe | None, now: datetime, *, sent_at: datetime, jitter: float = 0.5
) -> Transition:
    """What a probe proves. None: it was not answered. An event that Recado has not stored for a minute fails it too."""
    again = "/again" if observed.state == "degraded" and observed.reason in _DOUBTS else ""
    if probe is None:
        name = "probe_unanswered" + again
    elif probe.oldest_unanswered_ms > BEHIND_MS:
        name = "probe_behind" + again
    else:
        name = "probe_slow" if probe.round_trip_ms > SLOW_PROBE_MS else "probe_good"
    ends = (now if name == "probe_slow" else sent_at) + DEGRADED_FOR
    return _apply(observed, name, _Moment(now=now, ends=ends, jitter=jitter))


def compare(observed: Observed, snapshot: Snapshot | None, now: datetime, *, jitter: float = 0.5) -> Transition:
    """What the engine's own picture of the session corrects; None: it does not have it open."""
    shown = snapshot.state if snapshot is not None else "idle"
    is_open = shown == "connected" or (shown in ("dialing", "pairing") and observed.state not in LIVE)
    is_underway = shown in ("dialing", "pairing") and observed.state in ("starting", "awaiting_scan", "pairing")
    if is_underway:
        return Transition(before=observed, after=observed)
    return _apply(observed, "found_online" if is_open else "found_offline", _Moment(now=now, jitter=jitter))


def settle(observed: Observed, wanted: Wanted, wanted_at: datetime, now: datetime) -> Transition | None:
    """What a wish changes; None when it is heeded already. A final state is left only for a wish newer than it.

    What was moved to another database is left alone whatever is wished: it may be running there.
    """
    if observed.reason == MOVED:
        return None
    if wanted == "stopped":
        name = "asked_to_stop"
        if observed.state in FINAL:
            return None
    else:
        name = "asked_to_run"
        if wanted_at <= (observed.since if observed.state in FINAL else observed.heeded_at or observed.since):
            return None
    step = _apply(observed, name, _Moment(now=max(now, wanted_at)))
    return replace(step, after=replace(step.after, heeded_at=wanted_at))


def doubt(observed: Observed, silence: timedelta, now: datetime) -> Transition:
    """WhatsApp answers and sends nothing, although it usually does: connect anew, which proves it or heals it."""
    return _apply(observed, "nothing_heard", _Moment(now=now, params={"silence": spoken(silence)}))


def quarantine(observed: Observed, now: datetime) -> Transition:
    """It has brought the engine down twice: the others go on without it."""
    return _apply(observed, "brought_down", _Moment(now=now))


def take_over(observed: Observed, now: datetime, *, is_new: bool) -> Transition:
    """Begin to look after an instance that nobody held; `is_new`: nobody ever did."""
    return _apply(observed, "taken_over/new" if is_new else "taken_over", _Moment(now=now))


def miss_device(observed: Observed, now: datetime, *, was_linked: bool) -> Transition:
    """The engine has no device for it: pair one, or say that the one it had is gone."""
    return _apply(observed, "no_device/was_linked" if was_linked else "no_device", _Moment(now=now))


def show_code(observed: Observed, expires_at: datetime, now: datetime) -> Transition:
    """A pairing code was made."""
    return _apply(observed, "code_made", _Moment(now=now, ends=expires_at))


def unlink(observed: Observed, now: datetime, *, is_told_to_network: bool) -> Transition:
    """Somebody logged it out here; the network may not have heard."""
    return _apply(observed, "unlinked_by_user", _Moment(now=now, params={"is_told_to_network": is_told_to_network}))


def leave(observed: Observed, now: datetime) -> Transition:
    """Recado itself ends: what was live is not any more."""
    return _apply(observed, "recado_stopped", _Moment(now=now))


def _apply(observed: Observed, name: str, moment: _Moment) -> Transition:
    outcome = CELLS[name, observed.state]
    after = _next(observed, outcome, moment)
    is_told = (
        outcome.dials
        or (after.state, after.reason, after.user_action) != (observed.state, observed.reason, observed.user_action)
    )  # fmt: skip
    params = dict(moment.params or {})
    if after.attempt:
        params["attempt"] = after.attempt
    return Transition(
        before=observed,
        after=after,
        code=outcome.told_as if is_told else None,
        params=params if is_told else {},
        dials=outcome.dials,
        pairs=outcome.pairs,
        hangs_up=outcome.hangs_up or (observed.state in LIVE and after.state not in LIVE),
        credentials_gone=outcome.credentials_gone,
    )


def _next(observed: Observed, outcome: Outcome, moment: _Moment) -> Observed:
    if outcome.to is None:
        return observed
    to, now = outcome.to, max(moment.now, observed.since)
    is_entered = to != observed.state or outcome.dials
    entered = replace(
        observed,
        state=to,
        since=now if is_entered else observed.since,
        reason=outcome.reason if not outcome.keeps_reason else observed.reason,
        user_action=outcome.user_action,
        deadline=_deadline(observed, to, is_entered, moment, now),
        next_at=None,
        online_since=(observed.online_since or now) if to in ONLINE else None,
    )
    if outcome.credentials_gone:
        entered = replace(entered, concerns=frozenset())
    if to == "connected":
        entered = shown(entered)
    if to == "starting" and not outcome.keeps_reason:
        return replace(entered, streak=0)
    if outcome.retry is Retry.NEVER:
        return entered
    return _wait(observed, entered, outcome.retry, moment, now)


def _deadline(observed: Observed, to: State, is_entered: bool, moment: _Moment, now: datetime) -> datetime | None:
    if to in ("awaiting_scan", "degraded") and moment.ends is not None:
        return moment.ends
    limit = STATE_ROWS[to].limit
    if not is_entered:
        return observed.deadline
    return now + limit if limit is not None else None


def _wait(observed: Observed, entered: Observed, retry: Retry, moment: _Moment, now: datetime) -> Observed:
    """Time the next attempt."""
    is_stable = observed.online_since is not None and now - observed.online_since >= STABLE_AFTER
    before = 0 if is_stable else observed.streak
    streak = before + 1
    match retry:
        case Retry.ROUTINE if observed.routine_at is None or now - observed.routine_at > ROUTINE_ONCE_IN:
            return replace(entered, deadline=now, next_at=now, routine_at=now, streak=before)
        case Retry.STORAGE:
            wait = storage_wait(streak)
        case Retry.HOST:
            wait = HOST_PATIENCE
        case Retry.TAKE_BACK:
            wait = TAKE_BACK_AFTER
        case Retry.BAN:
            wait = moment.ban or OUTDATED_WAIT
        case Retry.OUTDATED:
            wait = OUTDATED_WAIT
        case _:
            wait = backoff(streak, moment.jitter)
    return replace(entered, deadline=now + wait, next_at=now + wait, streak=streak)


def _ends(signal: Signal, now: datetime) -> datetime | None:
    """The deadline that a signal brings along."""
    match signal.type:
        case "pair_codes":
            spans = code_spans(signal.data, now)
            return spans[-1][1] if spans else now
        case "passkey_request" | "passkey_confirmation":
            return now + PASSKEY_FOR
        case "keepalive_timeout":
            return now + DEGRADED_FOR
        case _:
            return None


def code_spans(data: Mapping[str, Any], now: datetime) -> list[tuple[str, datetime]]:
    """The codes of the signal `pair_codes` with the time at which each ends and the next one is shown."""
    first = timedelta(milliseconds=int(data.get("first_ms", 60_000)))
    following = timedelta(milliseconds=int(data.get("next_ms", 20_000)))
    return [(code, now + first + following * place) for place, code in enumerate(data.get("codes", ()))]


def _codes_are_used_up(observed: Observed, now: datetime) -> bool:
    return observed.deadline is not None and observed.deadline - now <= CODES_MARGIN


def _named(name: str, variant: object) -> str:
    return f"{name}/{variant}" if f"{name}/{variant}" in SIGNALS else name
