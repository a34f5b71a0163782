"""Why a host is gone: whether it fell by itself, and which sessions may have brought it down."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Cause = Literal["crash", "hang", "memory", "ended"]
"""`crash` and `hang` are its own doing; `memory` was planned by Recado; `ended` is anybody's, as kill -9."""

# What a program does to itself; SIGKILL and SIGTERM come from outside.
_FAULTS: Final = frozenset(
    -number for number in (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV)
)
_GO_PANIC: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """`in_hand` are the sessions of which something was unanswered, by either side."""

    reason: str
    cause: Cause
    in_hand: frozenset[str] = frozenset()


def cause_of_exit(code: int) -> Cause:
    """From the exit code, negative for the signal that ended it."""
    return "crash" if code == _GO_PANIC or code in _FAULTS else "ended"


def cause_of_silence(pid: int) -> Cause:
    """It does not answer. One that somebody has stopped (SIGSTOP) is not to blame."""
    return "ended" if _state(pid) in ("T", "t") else "hang"


def resident_mb(pid: int) -> float | None:
    """The memory that it really uses; None where the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    kilobytes = next((line.split()[1] for line in lines if line.startswith("VmRSS:")), None)
    return int(kilobytes) / 1024 if kilobytes is not None else None


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
