"""What a host writes to stderr: JSON lines become log events of ours, anything else is kept as a crash report."""

from __future__ import annotations

from typing import Any, Final

import orjson
import structlog

from recado.engines.lines import Lines

_LINE_BYTES: Final = 16_384
_REPORT_LINES: Final = 400
_LEVELS: Final = {
    "trace": "debug",
    "debug": "debug",
    "info": "info",
    "warn": "warning",
    "warning": "warning",
    "error": "error",
    "fatal": "critical",
    "panic": "critical",
}

log = structlog.get_logger()


class HostLog:
    """Feed it stderr. `report()` is what was not a log line: a panic and its stacks, the first 400 lines of it."""

    def __init__(self, engine: str) -> None:
        self._log = log.bind(engine=engine)
        self._lines = Lines(_LINE_BYTES)
        self._first: list[str] = []
        self._last_error: str = ""

    def feed(self, data: bytes) -> None:
        for line in self._lines.feed(data):
            self._take(line)

    def report(self) -> str:
        """Empty when nothing but log lines came."""
        self._take(self._lines.rest())
        return "\n".join(self._first).rstrip()

    def last_error(self) -> str:
        """The last thing that the host itself called an error."""
        return self._last_error

    def _take(self, line: bytes) -> None:
        entry = _entry(line)
        if entry is None:
            if (line.strip() or self._first) and len(self._first) < _REPORT_LINES:
                self._first.append(line.decode("utf-8", "replace"))
            return
        level = _LEVELS.get(str(entry.pop("level", "info")).lower(), "info")
        message = str(entry.pop("msg", entry.pop("message", "")))
        if level in ("error", "critical"):
            self._last_error = message
        entry.pop("time", None)
        getattr(self._log, level)("engine.log", message=message, **_safe(entry))


def _entry(line: bytes) -> dict[str, Any] | None:
    if not line.startswith(b"{"):
        return None
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _safe(entry: dict[str, Any]) -> dict[str, Any]:
    """Fields that would hide our own get a prefix."""
    return {f"host_{key}" if key in ("event", "engine", "level", "timestamp", "message", "self") else key: value
            for key, value in entry.items()}  # fmt: skip
