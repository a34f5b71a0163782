"""One instance is broken by every fault in turn; the other keeps receiving."""

from __future__ import annotations

import os
import signal

import pytest

from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine]

FAULTS = {
    "cut": lambda faults, phone: faults.cut(phone),
    "stream_error_500": lambda faults, phone: faults.stream_error(phone, code=500),
    "stream_error_503": lambda faults, phone: faults.stream_error(phone, code=503),
    "stream_error_515": lambda faults, phone: faults.stream_error(phone, code=515),
    "conflict": lambda faults, phone: faults.conflict(phone),
    "silent_pings": lambda faults, phone: faults.silent_pings(phone, on=True),
    "failure_405": lambda faults, phone: (faults.failure(phone, code=405), faults.cut(phone)),
    "failure_402": lambda faults, phone: (faults.failure(phone, code=402), faults.cut(phone)),
    "failure_403": lambda faults, phone: (faults.failure(phone, code=403), faults.cut(phone)),
    "device_removed": lambda faults, phone: faults.device_removed(phone),
}


async def test_one_instance_broken_by_every_fault_in_turn_never_harms_the_other(recado, network, maria):
    well = network.add_phone("5511999990001", name="well")
    ill = network.add_phone("5511999990002", name="ill")
    await recado.pair("well", well)
    await recado.pair("ill", ill)
    for n, (name, break_it) in enumerate(FAULTS.items()):
        break_it(network.faults, ill)
        await maria.send_text(well, f"after {name}")

        async def arrived(n=n):
            page = await recado.call("GET", "/v1/instances/well/messages", limit="500")
            return len(page["items"]) == n + 1

        await until(arrived)
        network.faults.clear()
        if name not in ("failure_403", "device_removed"):
            await recado.call("POST", "/v1/instances/ill/restart")
            await recado.until_state("ill", "connected")
        elif name == "failure_403":
            await recado.until_state("ill", "logged_out")
            await recado.call("POST", "/v1/instances/ill/start")
            await recado.until_state("ill", "awaiting_scan")
            await ill.scan((await recado.call("GET", "/v1/instances/ill/qr"))["qr"])
            await recado.until_state("ill", "connected")
    assert (await recado.instance("well"))["status"] == "connected"


async def test_a_killed_engine_host_comes_back_with_its_sessions(recado, phone, maria, network):
    await recado.pair("loja", phone)
    dead = recado.host_pid
    os.kill(dead, signal.SIGKILL)
    wa_id = await maria.send_text(phone, "to the next one")
    await network.ledger.wait(lambda ledger: ledger.row(phone, wa_id).confirmed_at, timeout=60)
    assert recado.host_pid != dead


async def test_a_cut_connection_is_tried_again_and_the_table_follows(recado, network, phone):
    await recado.pair("loja", phone)
    network.faults.refuse_connections(phone, on=True)
    network.faults.cut(phone)
    row = await recado.until_state("loja", "reconnecting")
    assert row["status"] == "disconnected"
    network.faults.clear()
    assert (await recado.until_state("loja", "connected"))["status"] == "connected"
