"""Backups by themselves: one at a time, the newest kept, and the next one due even after a start."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from recado.services.upkeep.backups import BackupPlan, Backups
from recado.store.backup.archive import prove
from recado.telemetry import BACKUPS
from tests.stillclock import StillClock
from tests.store.house import House
from tests.waiting import until

PASSPHRASE = "correct horse battery staple"
EVERY = timedelta(hours=6)


@pytest.fixture
def plan(tmp_path: Path) -> BackupPlan:
    return BackupPlan(every=EVERY, directory=tmp_path / "kept", keep=2, passphrase=PASSPHRASE, has_messages=False)


@pytest.fixture
async def house(db, clock: StillClock) -> House:
    return await House(db, clock).open()


@contextlib.asynccontextmanager
async def running(backups: Backups) -> AsyncIterator[None]:
    task = asyncio.ensure_future(backups.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def files(plan: BackupPlan) -> list[str]:
    return sorted(path.name for path in plan.directory.glob("*")) if plan.directory.exists() else []


async def test_one_is_made_at_once_and_it_is_whole(database_url, house, clock, plan):
    path = await Backups(database_url, clock, plan, version="1").make()
    prove(path, PASSPHRASE)
    assert files(plan) == [path.name]


async def test_the_oldest_ones_go(database_url, house, clock, plan):
    backups = Backups(database_url, clock, plan, version="1")
    made = []
    for _ in range(3):
        made.append((await backups.make()).name)
        clock.advance(timedelta(hours=6))
    assert files(plan) == made[-2:]


async def test_it_goes_on_by_itself(database_url, house, clock, plan):
    async with running(Backups(database_url, clock, plan, version="1")):
        await until(lambda: len(files(plan)) == 1 and clock.due)


async def test_a_start_does_not_begin_the_time_anew(database_url, house, clock, plan):
    path = await Backups(database_url, clock, plan, version="1").make()
    two_hours_ago = (clock.now() - timedelta(hours=2)).timestamp()
    os.utime(path, (two_hours_ago, two_hours_ago))
    async with running(Backups(database_url, clock, plan, version="1")):
        await until(lambda: clock.due)
        assert clock.due == [clock.now() + timedelta(hours=4)]


async def test_one_that_fails_is_counted_and_tried_again(database_url, house, clock, plan):
    blocked = replace(plan, directory=plan.directory / "file" / "below")
    plan.directory.mkdir()
    (plan.directory / "file").write_bytes(b"")
    before = BACKUPS.labels("failed")._value.get()
    async with running(Backups(database_url, clock, blocked, version="1")):
        await until(lambda: clock.due)
        assert clock.due == [clock.now() + timedelta(minutes=10)]
    assert BACKUPS.labels("failed")._value.get() == before + 1
