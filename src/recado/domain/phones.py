"""Whether the phone behind a linked device is still there: about 14 days after its last sign WhatsApp unlinks it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from .concerns import Concern
from .engine import Incoming, Receipt
from .sync import Heard

FIRST_WARNING: Final = timedelta(days=10)
LAST_WARNING: Final = timedelta(days=12)
ASKED_AFTER: Final = timedelta(days=9)
ASKED_EVERY: Final = timedelta(days=1)
WARNINGS: Final[tuple[Concern, ...]] = ("phone_unlinks_soon", "phone_offline")


def sign_of(heard: Heard) -> datetime | None:
    """When the phone itself did what was heard of; None when that is no sign of the phone."""
    match heard:
        case Incoming(is_from_phone=True, sent_at=at) | Receipt(is_from_phone=True, at=at):
            return at
        case _:
            return None


def warning(seen_at: datetime, now: datetime) -> Concern | None:
    """What its silence has come to; None while there is nothing to say."""
    silence = now - seen_at
    if silence >= LAST_WARNING:
        return "phone_unlinks_soon"
    return "phone_offline" if silence >= FIRST_WARNING else None


def is_to_be_asked(seen_at: datetime, asked_at: datetime | None, now: datetime) -> bool:
    """Whether the phone is to be asked for a sign: a day before the first warning, then once a day."""
    return now - seen_at >= ASKED_AFTER and (asked_at is None or now - asked_at >= ASKED_EVERY)
