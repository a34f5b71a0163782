"""A call to the network for somebody who waits: only while the instance is connected, with errors for people."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from recado.domain.engine import EngineError
from recado.domain.errors import Conflict, RecadoError, TooMany, Unavailable
from recado.domain.instances import Instance
from recado.services.roster import Roster

_GONE: frozenset[str] = frozenset({"not_connected", "unknown_session", "not_paired"})
_RETRY_SECONDS = 60


@contextlib.contextmanager
def line(roster: Roster, instance: Instance) -> Iterator[tuple[str, int]]:
    """The session's name and fence. Raises Conflict (not connected), and TooMany or Unavailable for an EngineError."""
    fence = roster.fence_of(instance.id)
    if fence is None:
        raise not_connected(instance)
    try:
        yield str(instance.id), fence
    except EngineError as error:
        raise _said(error, instance) from error


def not_connected(instance: Instance) -> Conflict:
    return Conflict(
        "not_connected",
        f"{instance.instance_name} is not connected; nothing was done.",
        hint="Start it, or wait until it is connected.",
    )


def _said(error: EngineError, instance: Instance) -> RecadoError:
    if error.kind in _GONE:
        return not_connected(instance)
    if error.server_code == 429:
        return TooMany(
            "whatsapp_asks_to_wait",
            "WhatsApp asks to be called less often.",
            retry_after=_RETRY_SECONDS,
            hint="Wait a minute.",
        )
    return Unavailable(
        "engine_" + error.kind, f"WhatsApp was asked in vain: {error}", hint="Try again in some seconds."
    )
