"""The user that PostgreSQL runs as: whoever runs Recado, and for root somebody less."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from recado.domain.errors import Misconfigured

_LESSER = ("recado", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    name: str
    uid: int
    gid: int

    def can_reach(self, path: Path) -> bool:
        """Whether every directory down to `path`, itself included, may be entered; ACLs are not looked at."""
        return all(self._can_enter(part) for part in (path, *path.parents))

    def own(self, directory: Path) -> None:
        """Make the directory, for this user alone."""
        directory.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(directory, self.uid, self.gid)
        directory.chmod(0o700)

    def _can_enter(self, directory: Path) -> bool:
        status = directory.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == self.gid else 0o001))


def choose_account(data: Path) -> Account:
    """Ourselves; for root the owner of an existing `data`, else the user `recado` if there is one, else `nobody`.

    Raises Misconfigured when the user has no entry in the list of users, which PostgreSQL needs.
    """
    if os.geteuid() != 0:
        return _account(os.geteuid())
    if data.exists() and data.stat().st_uid != 0:
        return _account(data.stat().st_uid)
    for name in _LESSER:
        try:
            return _account(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise Misconfigured(
        "no_lesser_user",
        "PostgreSQL does not run as root, and there is neither a user recado nor a user nobody.",
        hint="Make one with: useradd --system recado",
    )


def _account(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise Misconfigured(
            "user_without_name",
            f"The user with the number {uid} has no entry in /etc/passwd, and PostgreSQL needs one.",
            hint="Run Recado as a user that has one, or give a database of your own as RECADO_DATABASE_URL.",
        ) from None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
