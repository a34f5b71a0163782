"""The directory of all that Recado keeps on this machine: private, used by one at a time, the demo's or a real one."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from recado.domain.errors import Misconfigured

_MARK: Final = "purpose"
_DEMO: Final = "demo"
_REAL: Final = "real"
_WORKER: Final = "worker"
_REFUSALS: Final = {
    _DEMO: ("The data directory {path} belongs to the demo, whose devices do not exist.", "Give this one its own"),
    _REAL: ("The data directory {path} holds real devices, and the demo must not touch it.", "Give the demo its own"),
}


@contextlib.contextmanager
def claimed(path: Path, *, is_demo: bool) -> Iterator[None]:
    """Make it if it is not there, and be its only user until the end of the block.

    Raises Misconfigured when it cannot be written, is somebody else's, in use, or of the other purpose.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        _mark(path, _DEMO if is_demo else _REAL)
        lock = (path / "lock").open("a")
    except OSError as error:
        raise Misconfigured(
            "data_dir_unwritable",
            f"The data directory {path} cannot be written: {(error.strerror or str(error)).lower()}.",
            hint="Set RECADO_DATA_DIR to one that this user may write to.",
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misconfigured(
                "data_dir_in_use",
                f"Another Recado is using the data directory {path}.",
                hint="End that one first, or give this one a RECADO_DATA_DIR of its own.",
            ) from None
        yield


def worker_id(path: Path) -> UUID:
    """The name of the worker that lives on this directory: the same in each of its lives. Claim the directory first."""
    file = path / _WORKER
    try:
        return UUID(file.read_text("utf-8").strip())
    except (FileNotFoundError, ValueError):
        made = uuid4()
        file.write_text(f"{made}\n", "utf-8")
        return made


def _mark(path: Path, purpose: str) -> None:
    mark = path / _MARK
    found = mark.read_text("utf-8").strip() if mark.exists() else ""
    if not found:
        mark.write_text(purpose + "\n", "utf-8")
    elif found != purpose:
        sentence, hint = _REFUSALS.get(found, _REFUSALS[_REAL])
        raise Misconfigured("data_dir_of_other_purpose", sentence.format(path=path), hint=f"{hint} RECADO_DATA_DIR.")
