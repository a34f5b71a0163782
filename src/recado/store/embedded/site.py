"""The place of an embedded PostgreSQL on this machine: its directories, its user, its programs."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from recado.domain.errors import Misconfigured

from .account import Account, choose_account
from .installation import programs

DATABASE = "recado"
_SOCKET_NAME = "/.s.PGSQL.5432.lock"
_SOCKET_PATH_LIMIT = 107


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`directory` is ours; `data` and `sockets` belong to `account`."""

    directory: Path
    account: Account
    programs: Path
    sockets: Path

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        return self.directory / "postgres.log"

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://{DATABASE}@/{database}?host={quote(str(self.sockets), safe='/')}"

    def seen_by_account(self, data: Path) -> str:
        """The path by which the account, standing in `data`, can name it even under a directory closed to it."""
        if self.account.uid == os.geteuid() or self.account.can_reach(data.parent):
            return str(data)
        if sys.platform == "linux":
            return "/proc/self/cwd"
        raise Misconfigured(
            "data_dir_unreachable",
            f"The user {self.account.name}, as whom PostgreSQL runs, cannot enter {data.parent}.",
            hint="Choose another RECADO_DATA_DIR.",
        )

    def users(self) -> set[str]:
        """Who of the machine's users may connect."""
        return {self.account.name, pwd.getpwuid(os.geteuid()).pw_name, pwd.getpwuid(0).pw_name}


def find_site(directory: Path) -> Site:
    """Settle where everything goes and make what is missing. Raises Misconfigured when that cannot be done."""
    directory = directory.absolute()
    try:
        directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        directory = directory.resolve()
        account = choose_account(directory / "data")
        sockets = _make_sockets(directory, account)
    except OSError as error:
        raise Misconfigured(
            "data_dir_unwritable",
            f"The data directory {directory} cannot be written: {error.strerror}.",
            hint="Set RECADO_DATA_DIR to one that this user may write to.",
        ) from error
    return Site(directory=directory, account=account, programs=programs(account), sockets=sockets)


@contextlib.contextmanager
def lock(directory: Path) -> Iterator[None]:
    """Be the only one who runs a PostgreSQL in this directory. Raises Misconfigured when somebody else does."""
    with (directory / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misconfigured(
                "data_dir_in_use",
                f"Another Recado is using the data directory {directory}.",
                hint="End that one first, or give this one a RECADO_DATA_DIR of its own.",
            ) from None
        yield


def _make_sockets(directory: Path, account: Account) -> Path:
    """`run` in our directory; one elsewhere when that path is too long for a socket or closed to the account."""
    inside = directory / "run"
    is_open = account.uid == os.geteuid() or account.can_reach(directory)
    if is_open and len(os.fsencode(f"{inside}{_SOCKET_NAME}")) <= _SOCKET_PATH_LIMIT:
        account.own(inside)
        return inside
    mark = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    outside = _short_root() / f"recado-{account.uid}-{mark}"
    outside.mkdir(mode=0o700, exist_ok=True)
    if outside.is_symlink() or outside.stat().st_uid not in (os.geteuid(), account.uid):
        raise Misconfigured(
            "socket_dir_taken",
            f"The directory {outside}, meant for PostgreSQL's socket, belongs to somebody else.",
            hint=f"Remove it, or choose a shorter RECADO_DATA_DIR (at most {_SOCKET_PATH_LIMIT - 24} bytes).",
        )
    account.own(outside)
    return outside


def _short_root() -> Path:
    runtime = Path("/run") if os.geteuid() == 0 else Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"))
    return runtime if os.access(runtime, os.W_OK) and len(str(runtime)) < 40 else Path("/tmp")
