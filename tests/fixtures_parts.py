"""Small parts that many tests take: a clock that stands still, a bell."""

from __future__ import annotations

import pytest

from recado.services.bell import Bell
from tests.stillclock import StillClock


@pytest.fixture
async def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def bell() -> Bell:
    return Bell()
