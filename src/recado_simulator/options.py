"""What can be chosen about a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions:
    """`confirm` says what ends redelivery: the first receipt or ack of any type, or only a delivery receipt.

    `seed` makes all keys, ids and LIDs; the same seed and the same calls give the same network.
    `offline_batch` is how many unconfirmed stanzas a device may have on the wire at once.
    `state_dir` keeps accounts, linked devices and undelivered messages across restarts. `save` says when it is written:
    soon after each change, only at a clean end, or never, so that many runs can begin at the same point.
    """

    seed: int = 0
    port: int = 0
    confirm: Literal["first", "delivery"] = "first"
    qr_first_ms: int = 60_000
    qr_next_ms: int = 20_000
    offline_batch: int = 1_000
    state_dir: Path | None = None
    save: Literal["soon", "end", "never"] = "soon"
    clock: Callable[[], float] = time
