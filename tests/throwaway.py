"""Directories for what ends with the run: in memory where there is room, since the files are many and small."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3
_PREFIX = "recado-tests-"


def place(memory: Path = MEMORY, room: int = ROOM) -> Path:
    """The memory when `room` bytes of it are free, else where temporary files go."""
    try:
        return memory if shutil.disk_usage(memory).free >= room else Path(tempfile.gettempdir())
    except OSError:
        return Path(tempfile.gettempdir())


@contextlib.contextmanager
def directory(parent: Path | None = None) -> Iterator[Path]:
    """A directory that goes when it is left; one whose process was killed goes when somebody makes the next."""
    parent = parent or place()
    _sweep(parent)
    path, held = _made(parent)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(held)


def _made(parent: Path) -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        held = os.open(path, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
        if path.exists():  # else it was swept between the two
            return path, held
        os.close(held)


def _sweep(parent: Path) -> None:
    for path in parent.glob(f"{_PREFIX}*/"):
        with contextlib.suppress(OSError):  # somebody's who lives, or another user's
            held = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(held)
