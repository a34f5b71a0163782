"""The parts of Recado end one after the other, and none of them can keep the others from ending."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from recado import crew as module
from recado.crew import crew


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_the_last_one_added_ends_first_and_finishes_what_it_has_in_hand():
    told: list[str] = []

    async def live(name: str) -> None:
        try:
            await forever()
        finally:
            told.append(f"{name} is asked")
            await asyncio.sleep(0)
            told.append(f"{name} is done")

    async with crew() as members:
        for name in ("ears", "mouth"):
            members.add(name, lambda name=name: live(name))
        await asyncio.sleep(0)
    assert told == ["mouth is asked", "mouth is done", "ears is asked", "ears is done"]


async def test_one_that_does_not_end_in_time_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "FAREWELL", timedelta(0))
    told: list[str] = []

    async def dawdle() -> None:
        try:
            await forever()
        finally:
            told.append("dawdles")
            await forever()

    async def live() -> None:
        try:
            await forever()
        finally:
            told.append("ends")

    async with crew() as members:
        members.add("good", live)
        members.add("bad", dawdle)
        await asyncio.sleep(0)
    assert told == ["dawdles", "ends"]
