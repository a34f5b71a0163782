"""What a page asks of the database does not grow with what there is: 200 instances, 5,000 chats on one account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI

from recado.app import create_app
from recado.domain.access import EVERYTHING
from recado.runtime import running
from tests.api.conftest import settings_for
from tests.engines.fake import FakeEngine
from tests.fixtures_database import TEMPLATE, copied, named
from tests.ui import scenes
from tests.ui.counting import cost_of, counted

MOST_STATEMENTS, MOST_ROWS = 16, 1_000


class Town(NamedTuple):
    """The application over a small or a large town, the cookie of its administrator, an instance and a chat."""

    app: FastAPI
    cookie: str
    instance: str
    chat: str


async def _town(url: str, directory: Path, *, instances: int, chats: int) -> AsyncIterator[Town]:
    now = datetime.now(UTC)
    with psycopg.connect(url) as connection:
        shop = scenes.shop(connection, "loja", now)
        rows = scenes.idle_instances(connection, now, instances)
        scenes.crowd(connection, rows[0].instance_id, now, chats)
    settings = settings_for(url, directory)
    async with running(settings, engine=FakeEngine()) as runtime:
        _, secret = await runtime.services.keys.create("bounds", ["admin"], by=EVERYTHING)
        token = await runtime.services.sign_ins.with_key(secret)
        app = create_app(runtime.services, settings)
        ids = str(rows[0].instance_id), str(next(iter(shop.chats.values())))
        yield Town(app, f"recado_session={token}; recado_tz=UTC", *ids)


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["small", "large"])
async def towns(request, server_url: str, _caretaker, tmp_path_factory) -> AsyncIterator[Town]:
    """First a small town, then a large one: the same bounds hold in both."""
    size = {"small": {"instances": 3, "chats": 5}, "large": {"instances": 200, "chats": 5_000}}[request.param]
    with copied(_caretaker, TEMPLATE) as name:
        async for town in _town(named(server_url, name), tmp_path_factory.mktemp("bounds"), **size):
            yield town


@pytest.mark.parametrize(
    "path",
    [
        "/instances",
        "/instances?search=filial",
        "/instances/{instance}",
        "/chats",
        "/overview",
        "/events",
        "/webhooks",
        "/keys",
    ],
)
async def test_a_page_asks_little_of_the_database(towns: Town, monkeypatch, path: str):
    with counted(monkeypatch):
        status, cost = await cost_of(towns.app, path.format(**towns._asdict()), towns.cookie)
    assert status == 200
    assert cost.statements, "nothing was counted"
    assert len(cost.statements) <= MOST_STATEMENTS, cost.statements
    assert cost.rows <= MOST_ROWS, cost
