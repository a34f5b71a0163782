"""Who is still at work in a data directory: what must be known before its pid file may be called stale."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from recado.domain.errors import Misconfigured

_PATIENCE = 15.0


def clear(data: Path, sockets: Path) -> None:
    """End what an earlier Recado left running in `data`, then remove its stale pid and socket files.

    Only the holder of the directory's lock may call this. Where processes cannot be looked at (no /proc) nothing is
    removed: PostgreSQL itself decides. Raises Misconfigured when something in there does not end.
    """
    if sys.platform != "linux":
        return
    give_up_at = time.monotonic() + _PATIENCE
    asked: set[int] = set()
    while left := postgres_in(data):
        for pid in set(left) - asked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT if pid == _written_pid(data) else signal.SIGTERM)
        asked.update(left)
        if time.monotonic() > give_up_at:
            raise Misconfigured(
                "data_dir_in_use",
                f"Another PostgreSQL (process {left[0]}) is using {data} and does not end.",
                hint="End it, then start Recado again.",
            )
        time.sleep(0.01)
    for stale in (data / "postmaster.pid", sockets / ".s.PGSQL.5432", sockets / ".s.PGSQL.5432.lock"):
        stale.unlink(missing_ok=True)


def postgres_in(data: Path) -> list[int]:
    """The living postgres processes that stand in this directory; a reused number or a zombie does not."""
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _is_postgres_in(pid, data)]


def _is_postgres_in(pid: int, data: Path) -> bool:
    try:
        return (
            Path(os.readlink(f"/proc/{pid}/cwd")) == data
            and Path(os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")).name == "postgres"
        )
    except OSError:
        return False


def _written_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
