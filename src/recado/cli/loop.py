"""The event loop that long commands run on, and the last resort when its end takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import uvloop

_COLLECTS_AFTER: Final = (20_000, 20, 100)
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
ENDS_WITHIN: Final = timedelta(seconds=18)


def factory() -> asyncio.AbstractEventLoop:
    """A fast one, with a collector of garbage that looks seldom: its usual haste took a third of a delivery's CPU."""
    gc.set_threshold(*_COLLECTS_AFTER)
    return uvloop.new_event_loop()


@contextlib.contextmanager
def ended_by_signals() -> Iterator[asyncio.Event]:
    """SIGINT and SIGTERM cancel the task that is in the block, and set the event that this gives.

    A second one cancels it again: what it is still finishing is left as it is.
    """
    running, task, asked = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    assert task is not None

    def end() -> None:
        if not asked.is_set():
            print("▸ ending: finishing what is in hand …", file=sys.stderr, flush=True)
            force_end_later()
        asked.set()
        task.cancel()

    for number in _SIGNALS:
        running.add_signal_handler(number, end)
    try:
        yield asked
    finally:
        for number in _SIGNALS:
            running.remove_signal_handler(number)


def force_end_later(after: timedelta = ENDS_WITHIN) -> None:
    """End this process with 1 when it still lives then; its children end with it, and what is committed is safe."""
    timer = threading.Timer(after.total_seconds(), _give_up)
    timer.daemon = True
    timer.start()


def _give_up() -> None:
    print("❌ Something did not end in time; Recado ends without it.", file=sys.stderr, flush=True)
    os._exit(1)
