"""Time, waiting and new ids, handed to whoever needs them so that tests can hold them still."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

import uuid_utils.compat

from recado.domain import ids


def uptime() -> float:
    """Seconds that nobody sets and that pass while this process, or on Linux the whole machine, is suspended too."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock(Protocol):
    """The one source of time and of ids."""

    def now(self) -> datetime:
        """Aware, UTC."""

    async def sleep(self, duration: timedelta) -> None:
        """Wait; zero and less return after one turn of the loop."""

    def new_id(self) -> UUID:
        """A fresh UUIDv7."""

    def new_wa_id(self) -> str:
        """A fresh id for a message of ours."""


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(max(0.0, duration.total_seconds()))

    def new_id(self) -> UUID:
        return uuid_utils.compat.uuid7()

    def new_wa_id(self) -> str:
        return ids.wa_id(os.urandom(9))
