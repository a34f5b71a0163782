"""`recado up` as people run it: a child process with its own PostgreSQL and the real engine host."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.cli.program import GUARD, environment, recado

pytestmark = pytest.mark.engine


@contextmanager
def up(directory: Path, **settings: object) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The process and the lines of its greeting; killed at the end if it still lives."""
    process = subprocess.Popen(
        [sys.executable, "-m", "recado", "up"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=directory,
        env=environment(directory, log_format="json", **settings),
    )
    with process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            expects_key = not (directory / "greeted").exists()
            (directory / "greeted").touch()
            yield process, [first, *(process.stdout.readline() for _ in range(7 if expects_key else 0))]
        finally:
            process.kill()


def test_the_first_start_says_where_it_is_shows_the_key_and_what_comes_next(tmp_path: Path):
    with up(tmp_path) as (process, lines):
        said = "".join(lines)
        assert re.search(r"✅ Recado [\d.]+ is up at http://127\.0\.0\.1:\d+\n", said)
        assert re.search(r"🔑 Your admin key, shown this once: rcd_[\w-]{43}\n", said)
        assert said.count("     recado ") == 3
        assert recado("instance", "list", directory=tmp_path).out.startswith("No instances yet.")
        process.terminate()
        assert process.wait(timeout=GUARD) == 0
    with up(tmp_path) as (process, lines):
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=GUARD)
        assert process.returncode == 0
        assert "rcd_" not in "".join(lines) + out


def test_nothing_that_it_started_outlives_it(tmp_path: Path):
    with up(tmp_path) as (process, _):
        children = children_of(process.pid)
        assert len(children) >= 2
        process.kill()
        process.wait(timeout=GUARD)
    for pid in children:
        wait_for_end(pid)


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


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for_end(pid: int) -> None:
    """Until the kernel has ended it; a process that stays makes the test run into its time limit."""
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        os.sched_yield()
