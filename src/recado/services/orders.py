"""What people ask of a running session and wait for: a pairing code, to be logged out, removed, looked at."""

from __future__ import annotations

from typing import Final

import structlog

from recado.domain import life
from recado.domain.engine import EngineError
from recado.domain.errors import Conflict, Invalid, RecadoError, TooMany, Unavailable
from recado.domain.instances import Instance, Pairing
from recado.domain.states import ONLINE, Transition

from .health import probe
from .session import Session

log = structlog.get_logger()

_NOTHING_THERE: Final = frozenset({"unknown_session", "not_paired"})
_WAIT_AFTER_TOO_MANY: Final = 300


async def pair_phone(session: Session, phone: str) -> Pairing:
    """A code to type into that phone (digits, international). Raises Conflict, Invalid, TooMany, Unavailable."""
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
    return pairing


async def logout(session: Session) -> Instance:
    """Unlink it: at the network when it is connected, else here alone. Raises Unavailable, and nothing is changed."""
    is_told = await _unlink(session)
    await session.take(life.unlink(session.observed, session.parts.clock.now(), is_told_to_network=is_told))
    return session.instance


async def remove(session: Session) -> None:
    """Unlink it and delete all of it. Raises Unavailable, and nothing is deleted."""
    await _unlink(session)
    session.parts.roster.leave(session.instance.id)
    await session.parts.engine.stop(session.name, session.fence)
    await session.parts.recorder.remove(session.instance, session.fence)
    session.end()


async def force_update(session: Session) -> Instance:
    """Look at the wire, correct what is otherwise, and write the row again whatever it says."""
    await session.compare(await session.snapshot())
    if session.observed.state in ONLINE:
        sent_at = session.parts.clock.now()
        await session.judge(await probe(session), sent_at)
    await session.write(Transition(before=session.observed, after=session.observed))
    return session.instance


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
