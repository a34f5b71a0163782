"""Cuts a stream of bytes into lines, however they arrive, without ever holding more than one line's limit."""

from __future__ import annotations


class Lines:
    """Feed it what a pipe gave; it gives back whole lines without their newline.

    A line longer than `limit` bytes comes out cut to `limit`; the rest of it is dropped and `cut_count` grows.
    """

    def __init__(self, limit: int) -> None:
        self.cut_count = 0
        self._limit = limit
        self._parts: list[bytes] = []
        self._held = 0

    def feed(self, data: bytes) -> list[bytes]:
        *ended, open_end = data.split(b"\n")
        lines = []
        for end in ended:
            lines.append(self._finish(end))
        if open_end:
            self._hold(open_end)
        return lines

    def rest(self) -> bytes:
        """What came after the last newline; for a stream that has ended."""
        return self._finish(b"")

    def _finish(self, end: bytes) -> bytes:
        if not self._parts and len(end) <= self._limit:
            return end
        self._hold(end)
        line = b"".join(self._parts)
        self.cut_count += self._held > self._limit
        self._parts.clear()
        self._held = 0
        return line

    def _hold(self, part: bytes) -> None:
        kept = part[: max(0, self._limit - self._held)]
        if kept:
            self._parts.append(kept)
        self._held += len(part)
