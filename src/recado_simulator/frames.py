"""Frames: how Noise messages are cut out of the bytes of a socket."""

from __future__ import annotations

from collections.abc import Iterable

from recado_simulator.noise import NoiseError

HEADER = b"WA\x06\x03"
LENGTH_BYTES = 3
LARGEST = (1 << 24) - 1


def frame(body: bytes) -> bytes:
    """The body after its length, 3 bytes big-endian; at most 16,777,215 bytes."""
    return len(body).to_bytes(LENGTH_BYTES) + body


class FrameReader:
    """Collects what a client sends: the header once, then frames cut anyhow."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_open = False

    def feed(self, data: bytes) -> Iterable[bytes]:
        """The frames that are complete now. Raises NoiseError when the stream starts with anything else."""
        rest = self._rest + data if self._rest else data
        if not self._is_open:
            if len(rest) < len(HEADER):
                self._rest = rest
                return []
            if not rest.startswith(HEADER):
                raise NoiseError(f"the stream starts with {rest[:4].hex()}")
            rest = rest[len(HEADER) :]
            self._is_open = True
        frames = []
        at = 0
        while len(rest) - at >= LENGTH_BYTES:
            end = at + LENGTH_BYTES + int.from_bytes(rest[at : at + LENGTH_BYTES])
            if end > len(rest):
                break
            frames.append(rest[at + LENGTH_BYTES : end])
            at = end
        self._rest = rest[at:]
        return frames
