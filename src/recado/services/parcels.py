"""Events made ready to go out: the envelope as JSON, once for all who get it."""

from __future__ import annotations

import orjson

from recado.domain.events import LoggedEvent, envelope
from recado.domain.sink import Parcel


def wrap(event: LoggedEvent) -> Parcel:
    return Parcel(event=event, body=orjson.dumps(envelope(event)))
