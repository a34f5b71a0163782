"""What is wrong with an instance that is connected all the same: reasons on `connected`, not states."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from .events import rfc3339
from .pauses import Pause
from .states import ONLINE, Observed, Transition, UserAction

Concern = Literal["phone_unlinks_soon", "nothing_comes", "time_lock", "new_chats_refused", "phone_offline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcernRow:
    """What the user is asked to do about it, and the code under which the timeline tells its end."""

    user_action: UserAction
    relief: str


CONCERNS: Final[dict[Concern, ConcernRow]] = {
    "phone_unlinks_soon": ConcernRow(user_action="open_phone", relief="phone_back"),
    "nothing_comes": ConcernRow(user_action="open_phone", relief="something_came"),
    "time_lock": ConcernRow(user_action="write_to_known", relief="new_chats_open"),
    "new_chats_refused": ConcernRow(user_action="write_to_known", relief="new_chats_open"),
    "phone_offline": ConcernRow(user_action="open_phone", relief="phone_back"),
}
"""The gravest first: of several that one is shown."""


RESTRICTIONS: Final[tuple[Concern, ...]] = ("time_lock", "new_chats_refused")


def worry(
    observed: Observed, concern: Concern, *, params: Mapping[str, Any] | None = None, is_new: bool = True
) -> Transition:
    """Something is wrong although it is connected. Told once; `is_new`: it has not been told in an earlier life."""
    if observed.state not in ONLINE or concern in observed.concerns:
        return Transition(before=observed, after=observed)
    after = shown(replace(observed, concerns=observed.concerns | {concern}))
    code = concern if is_new else None
    return Transition(before=observed, after=after, code=code, params=dict(params or {}) if is_new else {})


def relieve(observed: Observed, concerns: Collection[Concern]) -> Transition:
    """Those of them that there were are over; that is told as one."""
    over = [one for one in concerns if one in observed.concerns or one == observed.reason]
    if not over:
        return Transition(before=observed, after=observed)
    after = replace(observed, concerns=observed.concerns - set(over))
    if after.reason in over:
        after = replace(after, reason=None, user_action=None)
    return Transition(before=observed, after=shown(after), code=CONCERNS[over[0]].relief)


def restrict(observed: Observed, pause: Pause | None) -> Transition:
    """WhatsApp lets it start no new chats until the pause ends, or (None) lets it again. It stays connected."""
    if pause is None:
        return relieve(observed, RESTRICTIONS)
    others = observed.concerns - (set(RESTRICTIONS) - {pause.reason})
    step = worry(replace(observed, concerns=others), pause.reason, params={"until": rfc3339(pause.until)})
    return replace(step, before=observed)


def shown(observed: Observed) -> Observed:
    """While it is connected its reason is the gravest of its concerns."""
    concern = gravest(observed.concerns)
    if observed.state != "connected" or concern is None:
        return observed
    return replace(observed, reason=concern, user_action=CONCERNS[concern].user_action)


def gravest(concerns: Collection[str]) -> Concern | None:
    return next((concern for concern in CONCERNS if concern in concerns), None)
