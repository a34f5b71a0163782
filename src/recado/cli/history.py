"""`recado instance history`: how far the phone's history is stored, shown as it grows."""

from __future__ import annotations

import sys
import time
from typing import Any, Final

from . import screen
from .client import call, segment

_POLL_SECONDS: Final = 1.0
_WIDTH: Final = 24
_COLUMNS: Final = ("offered_at", "sync_type", "progress", "state", "messages", "attempts", "error")
_SIGNS: Final = {"complete": "✅", "none": "📱"}


def history(name: str, *, follow: bool = True) -> None:
    """How far the phone's history is stored; ends when all that was offered is there.

    Parameters
    ----------
    name
        The instance.
    follow
        Show the progress until there is no more (`--no-follow`: say it once).
    """
    shown = ""
    while True:
        told = call("GET", f"/v1/instances/{segment(name)}/history")
        line = _line(told)
        if line != shown:
            print(f"\r{line}" if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True)
            shown = line
        if told["state"] != "running" or not follow:
            break
        time.sleep(_POLL_SECONDS)
    if sys.stdout.isatty():
        print()
    trouble = [piece for piece in told["pieces"] if piece["state"] == "lost" or piece["error"]]
    if trouble:
        print(screen.table(trouble, _COLUMNS))


def _line(told: dict[str, Any]) -> str:
    if told["state"] == "none":
        return f"{_SIGNS['none']} The phone has offered no history yet; it does when it is linked."
    percent = told["percent"] or 0
    bar = "█" * (percent * _WIDTH // 100)
    counts = f"{told['chats']} chats, {told['messages']} messages"
    return f"{_SIGNS.get(told['state'], '⏳')} {bar:░<{_WIDTH}} {percent:3} %  {counts}  {told['state']}"
