"""What people ask of a running session and wait for: a pairing code, to be logged out, removed, looked at.

Each takes and gives JSON, for whoever asks may be another process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from recado.domain import concerns, life
from recado.domain.concerns import Concern
from recado.domain.engine import EngineError
from recado.domain.errors import Conflict, Invalid, RecadoError, TooMany, Unavailable
from recado.domain.instances import Pairing
from recado.domain.pauses import Pause, Reason
from recado.domain.states import ONLINE, Transition

from .health import probe
from .session import Session

log = structlog.get_logger()

_NOTHING_THERE: Final = frozenset({"unknown_session", "not_paired"})
_WAIT_AFTER_TOO_MANY: Final = 300


async def pair_phone(session: Session, phone: str) -> dict[str, Any]:
    """A code to type into that phone (digits, international), see `pairing_of`.

    Raises Conflict, Invalid, TooMany, Unavailable.
    """
    await session.look()
    name, engine, fence = session.instance.instance_name, session.parts.engine, session.fence
    if session.observed.state in (*ONLINE, "syncing", "pairing"):
        raise _already_paired(name)
    try:
        code, expires_at = await engine.pair_phone(session.name, fence, phone)
    except EngineError as error:
        raise _refusal(error, name) from error
    pairing = Pairing(method="code", code=code, phone=phone, expires_at=expires_at)
    session.forget_codes()
    await session.take(life.show_code(session.observed, expires_at, session.parts.clock.now()), pairing=pairing)
    return {"code": code, "phone": phone, "expires_at": expires_at.isoformat()}


def pairing_of(answer: dict[str, Any]) -> Pairing:
    """What `pair_phone` gave."""
    ends = datetime.fromisoformat(answer["expires_at"])
    return Pairing(method="code", code=answer["code"], phone=answer["phone"], expires_at=ends)


async def logout(session: Session) -> dict[str, Any]:
    """Unlink it: at the network when it is connected, else here alone. Raises Unavailable, and nothing is changed."""
    is_told = await _unlink(session)
    await session.take(life.unlink(session.observed, session.parts.clock.now(), is_told_to_network=is_told))
    return {}


async def remove(session: Session) -> dict[str, Any]:
    """Unlink it and delete all of it. Raises Unavailable, and nothing is deleted."""
    await _unlink(session)
    session.parts.roster.leave(session.instance.id)
    await session.parts.engine.stop(session.name, session.fence)
    await session.parts.recorder.remove(session.instance, session.fence)
    session.end()
    return {}


async def force_update(session: Session) -> dict[str, Any]:
    """Look at the wire, correct what is otherwise, and write the row again whatever it says."""
    await session.compare(await session.snapshot())
    if session.observed.state in ONLINE:
        sent_at = session.parts.clock.now()
        await session.judge(await probe(session), sent_at)
    await session.write(Transition(before=session.observed, after=session.observed))
    return {}


async def restrict(session: Session, reason: Reason | None, until: str | None) -> dict[str, Any]:
    """Say that WhatsApp lets it start no new chats until then, or (None) lets it again."""
    now = session.parts.clock.now()
    pause = None
    if reason is not None and until is not None:
        pause = Pause(reason=reason, since=now, until=datetime.fromisoformat(until))
    await session.take(concerns.restrict(session.observed, pause))
    return {}


async def worry(
    session: Session, concern: Concern, said: dict[str, Any] | None = None, is_new: bool = True
) -> dict[str, Any]:
    """Show that something is wrong although it is connected; told once. `is_online`: whether it could be."""
    await session.take(concerns.worry(session.observed, concern, params=said, is_new=is_new))
    return {"is_online": session.observed.state in ONLINE}


async def relieve(session: Session, over: list[Concern]) -> dict[str, Any]:
    """What was wrong is over; told when it had been shown."""
    await session.take(concerns.relieve(session.observed, over))
    return {"is_online": session.observed.state in ONLINE}


async def doubt(session: Session, seconds: float) -> dict[str, Any]:
    """Connect anew, because nothing has come for so long although it should have."""
    await session.take(life.doubt(session.observed, timedelta(seconds=seconds), session.parts.clock.now()))
    return {}


ORDERS: Final[Mapping[str, Callable[..., Awaitable[dict[str, Any]]]]] = {
    "pair_phone": pair_phone,
    "logout": logout,
    "remove": remove,
    "force_update": force_update,
    "restrict": restrict,
    "worry": worry,
    "relieve": relieve,
    "doubt": doubt,
}
"""By the names that they travel under, with their params by name."""


async def _unlink(session: Session) -> bool:
    """True when the network knows of it."""
    engine, name, fence = session.parts.engine, session.name, session.fence
    try:
        await engine.logout(name, fence)
        return True
    except EngineError as error:
        log.info("instance.logout_untold", instance=session.instance.instance_name, kind=error.kind)
    try:
        await engine.forget(name, fence)
    except EngineError as error:
        if error.kind not in _NOTHING_THERE:
            raise Unavailable(
                "engine_" + error.kind,
                f"The credentials of {session.instance.instance_name} could not be deleted: {error}",
                hint="Nothing has been changed. Try again.",
            ) from error
    return False


def _already_paired(name: str) -> Conflict:
    return Conflict(
        "already_paired", f"{name} is linked to a phone already.", hint="Log it out first to link another one."
    )


def _refusal(error: EngineError, name: str) -> RecadoError:
    if error.kind == "already_paired":
        return _already_paired(name)
    if error.server_code == 429:
        return TooMany(
            "too_many_codes",
            "WhatsApp gives no more codes to this phone for now.",
            retry_after=_WAIT_AFTER_TOO_MANY,
            hint="Wait some minutes, or scan the QR.",
        )
    if error.kind in ("server", "invalid_params"):
        return Invalid(
            "phone_refused",
            f"WhatsApp gives no code to that phone: {error}",
            field="phone",
            hint="Give the number with its country code, as the phone itself has it.",
        )
    return Unavailable(
        "engine_" + error.kind, f"{name} cannot be paired right now: {error}", hint="Try again in some seconds."
    )
