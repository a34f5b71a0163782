"""The whole of Recado in this process: it starts, answers, survives, and ends cleanly."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from recado.crew import Crashed
from recado.domain.engine import Listener
from recado.domain.errors import Misconfigured
from recado.runtime import Runtime, running
from recado.settings import Settings, read_settings
from tests.engines.fake import FakeEngine
from tests.fixtures_database import QUICK
from tests.waiting import until

KEY = "an-admin-key-of-thirty-two-chars"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return read_settings(database_url=database_url, data_dir=tmp_path / "data", port=0, pace=False)


@asynccontextmanager
async def recado(settings: Settings, engine: FakeEngine | None = None, **options: Any) -> AsyncIterator[Runtime]:
    engine = engine or FakeEngine()
    async with running(settings, engine=engine, **options) as runtime:
        await engine.attached.wait()
        yield runtime


async def get(runtime: Runtime, path: str, key: str | None = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession() as http, http.get(runtime.address + path, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def connected_instance(runtime: Runtime, engine: FakeEngine) -> None:
    made = await runtime.services.instances.create("loja", start=False)
    engine.link(str(made.id))
    await runtime.services.instances.start(made)
    await until(lambda: runtime.lifecycle.roster.connected())


async def test_an_admin_key_is_made_at_the_first_start_and_not_again(settings: Settings):
    async with recado(settings) as runtime:
        key = runtime.admin_key
        assert key is not None
        assert (await get(runtime, "/v1/instances", key))[0] == 200
    async with recado(settings) as runtime:
        assert runtime.admin_key is None
        assert (await get(runtime, "/v1/instances", key))[0] == 200


async def test_an_admin_key_of_the_settings_is_never_shown(settings: Settings):
    async with recado(settings.model_copy(update={"admin_key": KEY})) as runtime:
        assert runtime.admin_key is None
        assert (await get(runtime, "/v1/instances", KEY))[0] == 200
        assert KEY not in repr(runtime)


async def test_it_is_ready_when_database_and_engine_answer(settings: Settings):
    async with recado(settings) as runtime:
        status, body = await get(runtime, "/readyz")
        assert (status, body["status"], sorted(body["parts"])) == (200, "ready", ["database", "engine.fake"])


async def test_it_is_not_ready_while_the_engine_is_away_and_says_so(settings: Settings):
    engine = FakeEngine()
    async with recado(settings, engine) as runtime:
        engine.crash()
        status, body = await get(runtime, "/readyz")
        assert (status, body["parts"]["engine.fake"]["ready"], body["parts"]["database"]["ready"]) == (503, False, True)
        assert body["parts"]["engine.fake"]["detail"]


async def test_the_same_data_directory_is_used_by_one_at_a_time(settings: Settings):
    async with recado(settings):
        with pytest.raises(Misconfigured) as caught:
            async with recado(settings):
                pass
    assert caught.value.code == "data_dir_in_use"


async def test_a_part_that_crashes_ends_all_of_it_and_says_which(settings: Settings):
    class Doomed(FakeEngine):
        async def run(self, listener: Listener) -> None:
            self.attached.set()
            await trigger.wait()
            raise RuntimeError("a bug")

    trigger = asyncio.Event()

    async def live() -> None:
        async with recado(settings, Doomed()):
            trigger.set()
            await asyncio.Event().wait()

    with pytest.raises(Crashed, match=r"\(engine\) has failed: RuntimeError: a bug"):
        await live()


async def test_a_part_that_ends_by_itself_is_not_taken_for_well(settings: Settings):
    class Short(FakeEngine):
        async def run(self, listener: Listener) -> None:
            self.attached.set()

    async def live() -> None:
        async with recado(settings, Short()):
            await asyncio.Event().wait()

    with pytest.raises(Crashed, match=r"\(engine\) has ended by itself"):
        await live()


async def test_what_goes_wrong_around_it_is_what_is_raised(settings: Settings):
    with pytest.raises(ZeroDivisionError):
        async with recado(settings):
            raise ZeroDivisionError


async def test_at_the_end_its_instances_are_hung_up_and_their_rows_say_so(settings: Settings):
    engine = FakeEngine()
    async with recado(settings, engine) as runtime:
        await connected_instance(runtime, engine)
    assert engine.open == {}
    async with recado(settings, FakeEngine()) as runtime, runtime.database.transaction() as tx:
        codes = await (await tx.execute("SELECT code FROM recado.timeline ORDER BY id")).fetchall()
    assert ("recado_stopped",) in codes


async def test_a_request_in_hand_is_answered_while_nobody_else_is_let_in(settings: Settings):
    engine = FakeEngine()

    async def is_closed() -> bool:
        try:
            async with asyncio.timeout(5):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return True
        writer.close()
        return False

    async def open_when_closed() -> None:
        await until(is_closed)
        gate.open()

    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as http:
        with engine.hold("probe") as gate:
            async with recado(settings.model_copy(update={"admin_key": KEY}), engine) as runtime:
                port = runtime.port
                await connected_instance(runtime, engine)
                asked = asyncio.ensure_future(http.post(f"{runtime.address}/v1/instances/loja/force-update"))
                await gate.reached(1)
                opening = asyncio.ensure_future(open_when_closed())
        assert (await asked).status == 200
        await opening


async def test_an_embedded_database_is_started_again_when_it_dies(tmp_path: Path):
    settings = read_settings(database_url=None, data_dir=tmp_path / "data", port=0, admin_key=KEY)
    async with recado(settings, postgres=QUICK) as runtime:
        pidfile = tmp_path / "data" / "postgres" / "data" / "postmaster.pid"
        killed = pidfile.read_text().split()[0]
        os.kill(int(killed), signal.SIGKILL)

        async def is_back() -> bool:
            """Until another has begun, the backends of the one that was killed may still answer."""
            began = pidfile.read_text().split() if pidfile.exists() else []
            return began[:1] not in ([], [killed]) and (await get(runtime, "/v1/instances", KEY))[0] == 200

        await until(is_back)
        await runtime.services.instances.create("loja", start=False)
        assert (await get(runtime, "/v1/instances", KEY))[1]["items"][0]["instance_name"] == "loja"


async def test_everything_is_kept_over_a_restart_with_an_embedded_database(tmp_path: Path):
    settings = read_settings(database_url=None, data_dir=tmp_path / "data", port=0, admin_key=KEY)
    async with recado(settings, postgres=QUICK) as runtime:
        await runtime.services.instances.create("loja", start=False)
    async with recado(settings, postgres=QUICK) as runtime:
        assert (await get(runtime, "/v1/instances", KEY))[1]["items"][0]["instance_name"] == "loja"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_waits_to_be_asked_to_end(settings: Settings, number: signal.Signals):
    async with recado(settings) as runtime:
        ended = asyncio.ensure_future(runtime.ended())
        await asyncio.sleep(0)
        assert not ended.done()
        os.kill(os.getpid(), number)
        await asyncio.wait_for(ended, timeout=60)
