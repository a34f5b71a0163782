"""What the kernel knows of processes: their CPU time, their memory, when they began, and who their children are."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
_OWN: Final = slice(11, 13)
_WITH_REAPED: Final = slice(11, 15)


def cpu_of(pid: int) -> float:
    """Seconds of CPU of one process, its children apart; 0 once it has gone."""
    return _cpu(pid, _OWN)


def cpu_of_tree(pid: int) -> float:
    """Seconds of CPU of a process and of all its descendants, those that have ended included."""
    return sum(_cpu(member, _WITH_REAPED) for member in tree(pid))


def cpu_of_machine() -> float:
    """Seconds of CPU that all processes of this machine have used."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * _TICK


def memory_of(pid: int) -> float:
    """The proportional share of memory (PSS) of one process, in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def memory_of_tree(pid: int) -> float:
    return sum(memory_of(member) for member in tree(pid))


def started_at(pid: int) -> float:
    """Seconds since 1970."""
    since_boot = int(_stat(pid)[19]) * _TICK
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + since_boot


def tree(pid: int) -> Iterator[int]:
    """The process and all its living descendants."""
    yield pid
    for child in children(pid):
        yield from tree(child)


def children(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        lists = [Path(f"/proc/{pid}/task/{thread}/children").read_text() for thread in threads]
    except OSError:
        return []
    return [int(child) for group in lists for child in group.split()]


def child_named(pid: int, name: str) -> int:
    """The child whose command begins like this. Raises LookupError when there is none."""
    for child in children(pid):
        try:
            if Path(f"/proc/{child}/comm").read_text().startswith(name[:15]) and _stat(child)[0] != "Z":
                return child
        except OSError:
            continue
    raise LookupError(f"{pid} has no child {name}")


def _cpu(pid: int, fields: slice) -> float:
    try:
        return sum(int(field) for field in _stat(pid)[fields]) * _TICK
    except OSError:
        return 0.0


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
