"""Events made ready to go out: the envelope as JSON, once for all who get it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import orjson

from recado.clock import Clock
from recado.domain.errors import Gone, Unavailable
from recado.domain.events import LoggedEvent, envelope
from recado.domain.sink import Parcel
from recado.store import log
from recado.store.database import Database

_TRIES_AGAIN: Final = timedelta(seconds=1)


def wrap(event: LoggedEvent) -> Parcel:
    return Parcel(event=event, body=orjson.dumps(envelope(event)))


async def find_parcel(database: Database, clock: Clock, position: int) -> Parcel | None:
    """The event at that position, however long the database is away; None when there is none.

    Raises Gone when the log no longer keeps it.
    """
    while True:
        try:
            async with database.transaction() as tx:
                event, oldest = await log.find(tx, position), await log.oldest(tx)
        except Unavailable:
            await clock.sleep(_TRIES_AGAIN)
            continue
        if event is None and position < oldest:
            raise position_gone(position - 1, oldest)
        return wrap(event) if event is not None else None


def position_gone(after: int, oldest: int) -> Gone:
    """For whoever wants to go on from where the log no longer is."""
    return Gone(
        "position_gone",
        f"The log keeps events from position {oldest} on; those after {after} are no longer all there.",
        hint="Read the present state from the API, then follow from now on.",
        oldest=oldest,
    )
