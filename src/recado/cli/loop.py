"""The event loop that long commands run on, and the last resort when its end takes too long."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from datetime import timedelta
from typing import Final

import uvloop

ENDS_WITHIN: Final = timedelta(seconds=18)


def factory() -> asyncio.AbstractEventLoop:
    return uvloop.new_event_loop()


def force_end_later(after: timedelta = ENDS_WITHIN) -> None:
    """End this process with 1 when it still lives then; its children end with it, and what is committed is safe."""
    timer = threading.Timer(after.total_seconds(), _give_up)
    timer.daemon = True
    timer.start()


def _give_up() -> None:
    print("❌ Something did not end in time; Recado ends without it.", file=sys.stderr, flush=True)
    os._exit(1)
