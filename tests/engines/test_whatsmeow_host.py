"""Leases, crashes and a database that dies: what the host does when its surroundings fail."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from recado.clock import uptime
from recado.domain.engine import EngineError
from recado.domain.errors import Misconfigured
from recado.engines.host import Pace
from recado.engines.rpc import RpcError
from recado.engines.whatsmeow_program import WhatsmeowOptions, upgrade_tables, whatsmeow_program
from recado.store import embedded
from tests.engines.harness import link
from tests.engines.mutant import PANICS, build_mutant
from tests.engines.test_host import is_alive
from tests.engines.whatsmeow_harness import BINARY, QUICK, WhatsmeowHarness, whatsmeow
from tests.waiting import until

pytestmark = pytest.mark.engine


async def shorten(harness: WhatsmeowHarness, lease: timedelta) -> None:
    """The lease of s1, which was long enough for a link on a loaded machine, as one heartbeat may shorten it."""
    await harness.ask("heartbeat", sessions={"s1": 1}, lease_ms=lease // timedelta(milliseconds=1))


async def test_a_lease_that_is_renewed_outlives_its_time(database_url, tmp_path):
    async with whatsmeow(database_url, tmp_path) as harness:
        await link(harness, "s1")
        await shorten(harness, timedelta(seconds=5))
        since = uptime()
        await until(lambda: uptime() > since + 5.5)
        assert harness.listener.types("s1").count("closed") == 0
        await harness.engine.probe("s1", 1, 10_000)


async def test_a_lease_that_nobody_renews_runs_out_and_the_host_closes_the_session(database_url, tmp_path):
    async with whatsmeow(database_url, tmp_path) as harness:
        await link(harness, "s1")
        harness.engine.leases = dict
        await shorten(harness, timedelta(milliseconds=700))
        closed = await harness.listener.signalled("closed", "s1")
        assert closed.data["cause"] == "lease_expired"
        assert await harness.engine.sessions() == []
        assert not harness.phone("s1").account.is_online


async def test_a_session_ends_with_its_lease_although_the_heartbeats_go_on(database_url, tmp_path):
    async with whatsmeow(database_url, tmp_path) as harness:
        await link(harness, "s1")
        harness.engine.lease("s1", 1, uptime() + 0.9 * QUICK.lease.total_seconds())  # a renewal would outlive it
        await shorten(harness, timedelta(milliseconds=700))
        renewed = []
        harness.engine.renewed = renewed.append
        closed = await harness.listener.signalled("closed", "s1")
        assert closed.data["cause"] == "lease_expired"
        await until(lambda: renewed)


async def test_a_newer_open_takes_the_session_and_the_older_holder_is_told_stale(database_url, tmp_path):
    async with whatsmeow(database_url, tmp_path) as harness:
        await link(harness, "s1", fence=1)
        await harness.ask("open", session="s1", fence=2, lease_ms=20_000)
        await until(lambda: "s1" not in harness.engine.leases())
        with pytest.raises(EngineError) as caught:
            await harness.engine.probe("s1", 1, 1000)
        assert caught.value.kind == "stale_fence"


async def test_a_killed_host_comes_back_and_nothing_that_was_not_stored_is_lost(database_url, tmp_path):
    async with whatsmeow(database_url, tmp_path) as harness:
        await link(harness, "s1")
        harness.listener.hold("s1")
        ids = [await harness.write("s1", f"{n}") for n in range(30)]
        await harness.listener.until(lambda: harness.listener.waiting)
        await harness.crash()
        await harness.listener.signalled("host_up", count=2)
        assert not [wa_id for wa_id in ids if await harness.is_confirmed("s1", wa_id)]
        harness.listener.release("s1")
        await harness.engine.start("s1", 2)
        await harness.listener.until(lambda: set(harness.listener.texts("s1")) == {f"{n}" for n in range(30)})
        for wa_id in ids:
            await until(lambda wa_id=wa_id: harness.is_confirmed("s1", wa_id))


async def test_a_call_under_way_when_the_host_is_killed_is_host_down(database_url, tmp_path):
    async with whatsmeow(database_url, tmp_path) as harness:
        await link(harness, "s1")
        harness.network.faults.silent_pings(harness.phone("s1"))
        probing = asyncio.ensure_future(harness.engine.probe("s1", 1, 20_000))
        await asyncio.sleep(0)
        await harness.crash()
        with pytest.raises(EngineError) as caught:
            await probing
        assert (caught.value.kind, caught.value.may_retry) == ("host_down", True)


async def test_when_the_database_dies_nothing_is_confirmed_unstored_and_everything_comes_later(tmp_path):
    async with (
        embedded.serve(tmp_path / "postgres") as server,
        whatsmeow(server.url, tmp_path) as harness,
    ):
        await link(harness, "s1")
        await harness.write("s1", "before")
        await harness.listener.until(lambda: harness.listener.texts("s1") == ["before"])
        os.kill(server.pid, signal.SIGKILL)
        await server.died()
        ids = [await harness.write("s1", f"{n}") for n in range(20)]
        await harness.listener.signalled("storage_down")
        closed = await harness.listener.signalled("closed", "s1")
        assert closed.data["cause"] == "storage_down"
        confirmed = [f"{n}" for n, wa_id in enumerate(ids) if await harness.is_confirmed("s1", wa_id)]
        assert set(confirmed) <= set(harness.listener.texts("s1"))  # its last backends may live a moment longer
        await server.start()
        await until(lambda: is_opened(harness))  # a connection that died in the pool is found dead at its next use
        await harness.listener.until(lambda: len(set(harness.listener.texts("s1"))) == 21)
        assert list(dict.fromkeys(harness.listener.texts("s1"))) == ["before", *(f"{n}" for n in range(20))]
        assert harness.events("undecryptable") == []


async def test_a_host_that_recado_left_in_silence_ends_by_itself(database_url, tmp_path):
    silent = Pace(heartbeat=timedelta(hours=1), patience=timedelta(hours=1), restarts=(timedelta(0),))
    options = WhatsmeowOptions(silence=timedelta(milliseconds=500))
    async with whatsmeow(database_url, tmp_path, pace=silent, options=options) as harness:
        await harness.listener.signalled("host_down")


async def test_a_stopped_host_is_killed_and_its_sessions_can_be_started(database_url, tmp_path):
    async with whatsmeow(database_url, tmp_path, pace=QUICK) as harness:
        await link(harness, "s1")
        os.kill(harness.engine.host.pid, signal.SIGSTOP)
        harness.engine.host._pace = replace(QUICK, patience=timedelta(seconds=1))
        await harness.listener.signalled("host_down")
        harness.engine.host._pace = QUICK
        await harness.listener.signalled("host_up", count=2)
        assert await harness.engine.start("s1", 2) is not None
        await harness.listener.signalled("connected", "s1", count=2)


async def test_a_call_that_panics_closes_its_session_alone(database_url, tmp_path):
    async with whatsmeow(database_url, tmp_path, binary=build_mutant("panics", PANICS)) as harness:
        await link(harness, "s1")
        await link(harness, "s2")
        with pytest.raises(RpcError) as caught:
            await harness.ask("watch", session="s1", fence=1, jid="5511988887777@s.whatsapp.net")
        refused = caught.value
        assert (refused.code, refused.data["kind"], refused.data["retry"]) == (-32603, "internal", False)
        closed = await harness.listener.signalled("closed", "s1")
        assert closed.data["cause"] == "panic"
        assert "on purpose" in closed.data["error"]
        assert [one.session for one in await harness.engine.sessions()] == ["s2"]


async def test_an_end_leaves_no_process_and_no_session(database_url, tmp_path):
    async with whatsmeow(database_url, tmp_path) as harness:
        await link(harness, "s1")
        pid, phone = harness.engine.host.pid, harness.phone("s1")
    assert not is_alive(pid)
    assert not phone.account.is_online


async def test_tables_that_cannot_be_made_are_one_sentence(tmp_path):
    with pytest.raises(Misconfigured, match="could not be brought up to date"):
        await upgrade_tables(BINARY, "postgresql://nobody@127.0.0.1:1/none")


async def test_an_upgrade_can_be_repeated_and_makes_the_schema(database_url):
    await upgrade_tables(BINARY, database_url)
    await upgrade_tables(BINARY, database_url)
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        cursor = await connection.execute("SELECT to_regclass('whatsmeow.whatsmeow_device') IS NOT NULL")
        assert await cursor.fetchone() == (True,)


def test_the_database_url_is_not_in_the_command_line(tmp_path):
    program = whatsmeow_program(BINARY, "postgresql://u:secret@h/db", tmp_path)
    assert not [part for part in program.arguments if "secret" in part]


def test_our_own_secrets_are_not_in_the_hosts_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("RECADO_ADMIN_KEY", "secret")
    assert "RECADO_ADMIN_KEY" not in whatsmeow_program(BINARY, "postgresql://h/db", tmp_path).environment


async def is_opened(harness) -> bool:
    return await harness.engine.start("s1", 2) is not None
