"""Ports for programs that are told theirs before they listen: below those that the system hands out by itself."""

from __future__ import annotations

import random
import socket
from typing import Final

_RANGE: Final = range(20_000, 30_000)


def free_port() -> int:
    """One on loopback that nobody has now, and nobody gets without asking for it."""
    while True:
        port = random.SystemRandom().choice(_RANGE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
