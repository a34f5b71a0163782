"""When a message may go: not before a time that was asked for, and not after it has lost its sense."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .errors import Invalid
from .events import rfc3339

AHEAD: Final = timedelta(days=366)
LATE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """`send_at`: it is not in the line before that. `expires_at`: once it is that late it is never sent."""

    send_at: datetime | None = None
    expires_at: datetime | None = None


ANYTIME: Final = Timing()


def timing_of(
    now: datetime,
    *,
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    expires_in: timedelta | None = None,
) -> Timing:
    """Read what was asked for; `expires_in` counts from when it may go. Raises Invalid.

    What is due already needs no appointment.
    """
    if send_at is not None:
        _check_send_at(send_at, now)
    begins = max(send_at or now, now)
    if expires_in is not None:
        if expires_at is not None:
            detail = "`expires_in` and `expires_at` are two answers to one question."
            raise Invalid("expires_twice", detail, field="expires_in", hint="Give one of them.")
        expires_at = begins + expires_in
    if expires_at is not None:
        _check_expiry(expires_at, begins)
    return Timing(send_at=send_at if send_at is not None and send_at > now else None, expires_at=expires_at)


def _check_send_at(send_at: datetime, now: datetime) -> None:
    if send_at - now > AHEAD:
        detail = "`send_at` is more than a year away."
        raise Invalid("send_at_too_far", detail, field="send_at", hint="A year ahead is the most.")
    if now - send_at > LATE:
        raise Invalid(
            "send_at_past",
            f"`send_at` is over; it is {rfc3339(now)}.",
            field="send_at",
            hint="Leave it out to send now, and look at the offset: 09:00-03:00 is 12:00Z.",
        )


def _check_expiry(expires_at: datetime, begins: datetime) -> None:
    if expires_at <= begins:
        raise Invalid(
            "expired_already",
            f"The message would have expired before it could go, at {rfc3339(begins)}.",
            field="expires_at",
            hint="Give a later time, or none.",
        )
    if expires_at - begins > AHEAD:
        detail = "The message would expire more than a year after it may go."
        raise Invalid("expires_too_far", detail, field="expires_at", hint="Leave it out.")
