"""`recado up` as people run it: a child process with its own PostgreSQL and the real engine host."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.cli.program import GUARD, environment, recado
from tests.store.adopting import TABLES

pytestmark = pytest.mark.engine


@contextmanager
def up(directory: Path, *, lines: int = 9, **settings: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and the first lines that it says; killed at the end if it still lives."""
    with subprocess.Popen(
        [sys.executable, "-m", "recado", "up"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=directory,
        env=environment(directory, log_format="json", **settings),
    ) as process:
        try:
            assert process.stdout is not None
            yield process, "".join(process.stdout.readline() for _ in range(lines))
        finally:
            process.kill()


def test_the_first_start_says_where_it_is_shows_the_key_and_what_comes_next(tmp_path: Path):
    with up(tmp_path) as (process, said):
        assert re.search(r"✅ Recado [\d.]+ is up at http://127\.0\.0\.1:\d+\n", said)
        assert re.search(r"🔑 Your admin key, shown this once: rcd_[\w-]{43}\n", said)
        assert re.search(r"👉 .*: http://127\.0\.0\.1:\d+/link\?secret=rcd_[\w-]{43}\n", said)
        assert said.count("     recado ") == 3
        assert recado("instance", "list", directory=tmp_path).out.startswith("No instances yet.")
        process.terminate()
        assert process.wait(timeout=GUARD) == 0
    with up(tmp_path, lines=1) as (process, said):
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=GUARD)
        assert process.returncode == 0
        assert "rcd_" not in said + rest


def test_it_can_be_asked_to_end_before_it_is_up(tmp_path: Path):
    with up(tmp_path, lines=0) as (process, _):
        wait_until(lambda: (tmp_path / "data" / "postgres").exists())
        process.terminate()
        said, _ = process.communicate(timeout=GUARD)
        assert process.returncode == 0
        assert not said or "is up at" in said  # it may have been quicker than this test


def test_nothing_that_it_started_outlives_it(tmp_path: Path):
    with up(tmp_path) as (process, _):
        children = children_of(process.pid)
        assert len(children) >= 2
        process.kill()
        process.wait(timeout=GUARD)
    for pid in children:
        wait_until(partial(has_ended, pid))


def test_the_database_is_brought_up_to_date_without_starting_anything(tmp_path: Path, empty_database_url: str):
    ended = recado("db", "upgrade", directory=tmp_path, database_url=empty_database_url)
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "✅ The database is up to date.")
    assert recado("db", "check", directory=tmp_path, database_url=empty_database_url).code == 0
    query = """SELECT bool_and(c.relrowsecurity) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'whatsmeow' AND c.relkind = 'r'"""
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute(query).fetchone() == (True,)


def test_the_embedded_database_is_reached_whether_recado_runs_or_not(tmp_path: Path):
    with up(tmp_path) as (process, _):
        assert recado("db", "check", directory=tmp_path).code == 0
        process.terminate()
        process.wait(timeout=GUARD)
    assert recado("db", "check", directory=tmp_path).code == 0


def test_the_table_of_an_older_back_end_is_adopted_by_the_first_start(tmp_path: Path, empty_database_url: str):
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(TABLES["status_as_enum"].encode())
    with up(tmp_path, database_url=empty_database_url) as (process, said):
        assert "is up at" in said
        listed = recado("instance", "list", directory=tmp_path).out.splitlines()[1:]
        assert [line.split()[:3] for line in listed] == [[name, "disconnected", "stopped"] for name in "abc"]
        assert all("needs_pairing" in line for line in listed)
        assert recado("doctor", directory=tmp_path, database_url=empty_database_url).code == 0
        process.terminate()
        assert process.wait(timeout=GUARD) == 0


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(is_so: Callable[[], bool]) -> None:
    """A condition that never comes true makes the test run into its time limit."""
    while not is_so():
        os.sched_yield()
