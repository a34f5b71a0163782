"""The state table as data: for every stimulus and every state, what comes next and why.

A stimulus is a signal of docs/engine-protocol.md, section 4 (`name`, or `name/variant` where its data matters), or one
of our own: a deadline, a probe, a wish, what a snapshot shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .retries import Retry
from .states import FINAL, LIVE, ONLINE, STATES, WAITING, State, UserAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a stimulus does in a state.

    `to` is None when the state stays. The timeline knows it by `code`, else by its reason, else by its state.
    `keeps_reason` carries the old reason on. `dials` opens the session at the engine, `pairs` asks it for codes,
    `hangs_up` closes it (leaving the live states always does).
    """

    to: State | None = None
    reason: str | None = None
    user_action: UserAction | None = None
    code: str | None = None
    retry: Retry = Retry.NEVER
    keeps_reason: bool = False
    dials: bool = False
    pairs: bool = False
    hangs_up: bool = False
    credentials_gone: bool = False

    @property
    def told_as(self) -> str | None:
        return self.code or self.reason or self.to


Reactions = Mapping[str, Mapping[frozenset[State], Outcome]]

STAYS: Final = Outcome()
_ALL: Final = frozenset(STATES)
_REST: Final = WAITING | FINAL
_STARTING: Final = frozenset[State](("starting",))
_AWAITING: Final = frozenset[State](("awaiting_scan",))
_PAIRING: Final = frozenset[State](("pairing",))
_SYNCING: Final = frozenset[State](("syncing",))
_CONNECTED: Final = frozenset[State](("connected",))
_DEGRADED: Final = frozenset[State](("degraded",))
_RECONNECTING: Final = frozenset[State](("reconnecting",))
_CONFLICT: Final = frozenset[State](("conflict",))
_UNPAIRED: Final = _STARTING | _AWAITING
_LOGIN: Final = _STARTING | _AWAITING | _PAIRING
_LOGGED_IN: Final = _SYNCING | ONLINE


def _lost(reason: str, retry: Retry = Retry.BACKOFF) -> Mapping[frozenset[State], Outcome]:
    return {LIVE: Outcome(to="reconnecting", reason=reason, retry=retry), _REST: STAYS}


def _unlinked(reason: str) -> Mapping[frozenset[State], Outcome]:
    return {
        LIVE | WAITING: Outcome(to="logged_out", reason=reason, user_action="pair_again", credentials_gone=True),
        FINAL: Outcome(credentials_gone=True),
    }


def _blocked(reason: str, action: UserAction, retry: Retry) -> Mapping[frozenset[State], Outcome]:
    return {LIVE | WAITING: Outcome(to="blocked", reason=reason, user_action=action, retry=retry), FINAL: STAYS}


def _while(states: frozenset[State], outcome: Outcome) -> Mapping[frozenset[State], Outcome]:
    return {states: outcome, _ALL - states: STAYS}


def _unpairable(reason: str) -> Mapping[frozenset[State], Outcome]:
    return _while(_LOGIN, Outcome(to="failed", reason=reason, user_action="start"))


def _expired(reason: str) -> Mapping[frozenset[State], Outcome]:
    return _while(_AWAITING, Outcome(to="stopped", reason=reason, user_action="start"))


def _redial(code: str) -> Outcome:
    return Outcome(to="starting", code=code, dials=True)


_RESTART_ASKED: Final = Outcome(to="reconnecting", reason="restart_asked", retry=Retry.ROUTINE)

SIGNALS: Final[Reactions] = {
    "dialing": {_ALL: STAYS},
    "connect_failed": _lost("connect_failed"),
    "connect_failed/host_down": _lost("host_down", Retry.HOST),
    "connect_failed/storage": _lost("storage_down", Retry.STORAGE),
    "connect_failed/stale_fence": _lost("superseded"),
    "connect_failed/lease_over": _lost("lease_expired", Retry.STORAGE),
    "pair_codes": _while(_UNPAIRED, Outcome(to="awaiting_scan", user_action="scan_qr", code="scan_qr")),
    "pair_codes/other_method": {_ALL: STAYS},
    "paired": _while(_UNPAIRED, Outcome(to="pairing", code="paired")),
    "pair_failed": _unpairable("pair_failed"),
    "scanned_without_multidevice": _while(
        _AWAITING, Outcome(to="awaiting_scan", reason="scanned_without_multidevice", user_action="scan_qr")
    ),
    "passkey_request": _while(
        _LOGIN, Outcome(to="awaiting_scan", user_action="confirm_passkey", code="confirm_passkey")
    ),
    "passkey_confirmation": _while(
        _LOGIN, Outcome(to="awaiting_scan", user_action="compare_passkey_code", code="compare_passkey_code")
    ),
    "passkey_failed": _unpairable("passkey_failed"),
    "restart_asked": {
        _PAIRING: Outcome(code="restart_asked", dials=True),
        LIVE - _PAIRING | _RECONNECTING: _RESTART_ASKED,
        _REST - _RECONNECTING: STAYS,
    },
    "connected": _while(_LOGIN, Outcome(to="syncing")),
    "offline_done": _while(_SYNCING, Outcome(to="connected")),
    "disconnected": _lost("connection_lost"),
    "disconnected/expected": _lost("connection_closed", Retry.ROUTINE),
    "disconnected/codes_used_up": _expired("qr_expired"),
    "disconnected/old_socket": {_ALL: STAYS},
    "stream_error": _lost("stream_error"),
    "stream_error/routine": _lost("stream_closed", Retry.ROUTINE),
    "replaced": _while(
        LIVE | _RECONNECTING,
        Outcome(to="conflict", reason="conflict", user_action="close_other_session", retry=Retry.TAKE_BACK),
    ),
    "replaced/too_often": _while(
        LIVE | _RECONNECTING,
        Outcome(to="stopped", reason="conflict", user_action="close_other_session", code="conflict_given_up"),
    ),
    "logged_out": _unlinked("unlinked"),
    "logged_out/main_device_gone": _unlinked("main_device_gone"),
    "logged_out/unknown": _unlinked("unlinked_by_whatsapp"),
    "temporary_ban": _blocked("temporary_ban", "wait_for_ban", Retry.BAN),
    "client_outdated": _blocked("client_outdated", "update_recado", Retry.OUTDATED),
    "connect_failure": _lost("connect_failure"),
    "connect_failure/routine": _lost("service_unavailable", Retry.ROUTINE),
    "keepalive_timeout": _while(_CONNECTED, Outcome(to="degraded", reason="keepalive_timeout")),
    "keepalive_restored": _while(_DEGRADED, Outcome(to="connected", code="recovered")),
    "closed": _lost("session_closed"),
    "closed/lease_expired": _lost("lease_expired", Retry.ROUTINE),
    "closed/storage_down": _lost("storage_down", Retry.STORAGE),
    "closed/panic": _lost("engine_panic"),
    "closed/shutdown": _lost("engine_stopped", Retry.HOST),
    "storage_down": _lost("storage_down", Retry.STORAGE),
    "storage_down/why": _while(_RECONNECTING, Outcome(to="reconnecting", reason="storage_down", retry=Retry.STORAGE)),
    "host_down": _lost("host_down", Retry.HOST),
    "host_down/hang": _lost("engine_hung", Retry.HOST),
    "host_down/memory": _lost("engine_renewed", Retry.HOST),
    "host_up": {LIVE | _RECONNECTING: _redial("host_up"), _REST - _RECONNECTING: STAYS},
}

OURS: Final[Reactions] = {
    "overdue": {
        _STARTING: Outcome(to="reconnecting", reason="start_timeout", retry=Retry.BACKOFF),
        _AWAITING: Outcome(to="stopped", reason="qr_expired", user_action="start"),
        _PAIRING: Outcome(to="failed", reason="pairing_timeout", user_action="start"),
        _SYNCING: Outcome(to="connected"),
        _DEGRADED: Outcome(to="reconnecting", reason="not_answering", retry=Retry.BACKOFF),
        _CONFLICT: Outcome(to="starting", code="taken_back", keeps_reason=True, dials=True),
        WAITING - _CONFLICT: Outcome(to="starting", code="trying_again", keeps_reason=True, dials=True),
        _CONNECTED | FINAL: STAYS,
    },
    "overdue/code": _expired("code_expired"),
    "overdue/passkey": _expired("passkey_expired"),
    "probe_good": _while(_DEGRADED, Outcome(to="connected", code="recovered")),
    "probe_slow": _while(ONLINE, Outcome(to="degraded", reason="probe_slow")),
    "probe_unanswered": _while(ONLINE, Outcome(to="degraded", reason="probe_unanswered")),
    "probe_unanswered/again": _while(ONLINE, Outcome(to="reconnecting", reason="not_answering", retry=Retry.BACKOFF)),
    "probe_behind": _while(ONLINE, Outcome(to="degraded", reason="behind")),
    "probe_behind/again": _while(ONLINE, Outcome(to="reconnecting", reason="behind", retry=Retry.BACKOFF)),
    "nothing_heard": _while(ONLINE, Outcome(to="reconnecting", reason="nothing_heard", retry=Retry.ROUTINE)),
    "brought_down": _while(LIVE | WAITING, Outcome(to="failed", reason="brings_engine_down", user_action="start")),
    "no_device": _while(_STARTING, Outcome(pairs=True)),
    "no_device/was_linked": _while(
        _STARTING,
        Outcome(to="logged_out", reason="credentials_missing", user_action="pair_again", credentials_gone=True),
    ),
    "code_made": _while(_UNPAIRED, Outcome(to="awaiting_scan", user_action="enter_code", code="enter_code")),
    "found_online": {
        _LOGIN: Outcome(to="syncing", code="found_online"),
        _LOGGED_IN: STAYS,
        _REST: Outcome(hangs_up=True),
    },
    "found_offline": _while(
        _LOGGED_IN | _AWAITING, Outcome(to="reconnecting", reason="found_offline", retry=Retry.BACKOFF)
    ),
    "taken_over": {LIVE | _RECONNECTING: _redial("taken_over"), _REST - _RECONNECTING: STAYS},
    "taken_over/new": {LIVE | _RECONNECTING: _redial("starting"), _REST - _RECONNECTING: STAYS},
    "asked_to_run": {
        LIVE: Outcome(to="starting", code="restart_wanted", dials=True, hangs_up=True),
        _REST: _redial("start_wanted"),
    },
    "asked_to_stop": _while(LIVE | WAITING, Outcome(to="stopped", reason="stopped_by_user", user_action="start")),
    "unlinked_by_user": {
        _ALL: Outcome(to="logged_out", reason="logged_out_by_user", user_action="pair_again", credentials_gone=True)
    },
    "recado_stopped": {
        LIVE: Outcome(to="reconnecting", reason="recado_stopped", retry=Retry.HOST),
        _REST: STAYS,
    },
}


def _expand(*tables: Reactions) -> dict[tuple[str, State], Outcome]:
    """Every stimulus in every state; raises when one is missing or said twice."""
    cells: dict[tuple[str, State], Outcome] = {}
    for table in tables:
        for stimulus, rows in table.items():
            said = [state for states in rows for state in states]
            if sorted(said) != sorted(STATES):
                raise ValueError(f"{stimulus}: every state once, not {sorted(said)}")
            cells.update({(stimulus, state): outcome for states, outcome in rows.items() for state in states})
    return cells


CELLS: Final = _expand(SIGNALS, OURS)
