"""How an instance stands, in the page's language: a colour, a word, a sentence, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from recado.domain.concerns import CONCERNS
from recado.domain.instances import Instance
from recado.domain.states import FINAL, LIVE, MOVED, WAITING
from recado.domain.timeline import CATALOGUE

from .look import Look
from .words import ALL

Tone = Literal["good", "busy", "warn", "bad", "idle"]
Do = Literal["show_code", "link", "link_again", "new_code", "start", "try_now", "take_back"]
Act = Literal["start", "stop", "restart", "logout", "remove"]

_TONES: Final[dict[str, Tone]] = {
    "starting": "busy",
    "awaiting_scan": "warn",
    "pairing": "busy",
    "syncing": "busy",
    "connected": "good",
    "degraded": "warn",
    "reconnecting": "warn",
    "conflict": "bad",
    "blocked": "bad",
    "logged_out": "bad",
    "failed": "bad",
    "stopped": "idle",
}
_GOES_TO_PAIR: Final = frozenset({"show_code", "link", "link_again", "new_code"})
_EXPIRED: Final = frozenset({"qr_expired", "code_expired", "passkey_expired"})
_SAID_BY_STATE: Final = frozenset({"starting", "pairing", "syncing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`do` is what the next button does, None when there is nothing to press; `advice` is what to do elsewhere.

    `until` is when something happens by itself: the next attempt, or the end of what holds it up.
    """

    state: str
    tone: Tone
    label: str
    sentence: str
    advice: str
    do: Do | None
    until: datetime | None
    attempt: int

    @property
    def leads_to_pairing(self) -> bool:
        return self.do in _GOES_TO_PAIR

    @property
    def is_attempt(self) -> bool:
        """Whether at `until` it is tried again."""
        return self.state in WAITING


def standing_of(instance: Instance, look: Look, *, until: datetime | None = None) -> Standing:
    """`until` is the end of a pause of its sending, if there is one."""
    waits = instance.next_at if instance.state in WAITING else until if _is_worried(instance) else None
    return Standing(
        state=instance.state,
        tone=_tone(instance),
        label=look.t(f"standing.label.{instance.state}"),
        sentence=sentence_of(instance, look),
        advice=_advice(instance, look),
        do=_do(instance),
        until=waits,
        attempt=instance.attempt if instance.attempt > 1 else 0,
    )


def sentence_of(instance: Instance, look: Look) -> str:
    """What is so, and why."""
    code = _code(instance)
    if code is None:
        is_new = instance.state == "stopped" and instance.phone_number is None
        return look.t("standing.is.new" if is_new else f"standing.is.{instance.state}")
    return reason_of(code, look)


def reason_of(code: str, look: Look) -> str:
    """Why an instance is as it is, as a sentence; a code of another version is told as it is."""
    if f"standing.why.{code}" in ALL:
        return look.t(f"standing.why.{code}")
    return CATALOGUE[code].said(look.language, {}) if code in CATALOGUE else code


def acts_of(instance: Instance) -> frozenset[Act]:
    """What may be asked of it now."""
    acts: set[Act] = {"remove"}
    if instance.reason == MOVED:
        return frozenset(acts)
    if instance.state in LIVE or instance.state in WAITING:
        acts.add("stop")
    if instance.state in FINAL or instance.state in WAITING:
        acts.add("start")
    if instance.state in LIVE and instance.phone_number is not None:
        acts.add("restart")
    if instance.phone_number is not None:
        acts.add("logout")
    return frozenset(acts)


def _code(instance: Instance) -> str | None:
    """What the catalogue of the timeline knows it by; None when the state says it all."""
    if instance.state in _SAID_BY_STATE:
        return None
    if instance.state == "awaiting_scan" and instance.reason is None:
        return instance.user_action if instance.user_action in CATALOGUE else None
    if instance.state == "stopped" and instance.reason == "conflict":
        return "conflict_given_up"
    if instance.reason == "stopped_by_user" and instance.phone_number is None:
        return None
    return instance.reason if instance.reason in CATALOGUE else None


def _tone(instance: Instance) -> Tone:
    if _is_worried(instance) or instance.reason == "conflict":
        return "warn" if instance.state == "connected" else "bad"
    return _TONES[instance.state]


def _is_worried(instance: Instance) -> bool:
    return instance.state == "connected" and instance.reason in CONCERNS


def _advice(instance: Instance, look: Look) -> str:
    key = f"standing.advice.{instance.user_action}"
    return look.t(key) if key in ALL else ""


def _do(instance: Instance) -> Do | None:
    match instance.state:
        case "awaiting_scan":
            return "show_code"
        case "starting" if instance.phone_number is None:
            return "show_code"
        case "reconnecting":
            return "try_now"
        case "conflict":
            return "take_back"
        case "logged_out":
            return "link_again"
        case "failed" | "stopped" if instance.reason != MOVED:
            return _do_at_rest(instance)
    return None


def _do_at_rest(instance: Instance) -> Do:
    if instance.phone_number is not None and instance.user_action != "pair_again":
        return "start"
    return "new_code" if instance.reason in _EXPIRED else "link"
