"""Each signal of docs/engine-protocol.md, section 4, against the real host and a network that misbehaves on demand."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from recado.domain.engine import Signal
from recado.engines.whatsmeow_program import WhatsmeowOptions
from recado_simulator import ScanRefused
from tests.engines.harness import link, round_trips
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow

pytestmark = pytest.mark.engine

QUICK_PINGS = WhatsmeowOptions(
    keepalive_min=timedelta(milliseconds=200),
    keepalive_max=timedelta(milliseconds=300),
    keepalive_deadline=timedelta(milliseconds=300),
)


@pytest.fixture
async def harness(database_url, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
    async with whatsmeow(database_url, tmp_path, options=QUICK_PINGS) as harness:
        yield harness


async def next_signal(harness: WhatsmeowHarness, type: str) -> Signal:
    """The first of this type since the session has connected."""
    return await harness.listener.signalled(type, "s1", count=harness.listener.types("s1").count(type) + 1)


async def keys_are_shared(harness: WhatsmeowHarness) -> None:
    """What the phone tells a new device has come and is confirmed."""
    await harness.listener.signalled("app_state_changed", "s1", count=5)
    await round_trips(harness.engine, "s1")


async def started_again(harness: WhatsmeowHarness) -> None:
    await harness.cut("s1")
    await harness.listener.signalled(
        "disconnected", "s1", count=harness.listener.types("s1").count("disconnected") or 1
    )
    await harness.engine.start("s1", 1)


async def test_dialing_and_connected_and_offline_done_come_in_this_order(harness):
    device = await link(harness, "s1")
    await harness.listener.signalled("dialing", "s1", count=2)
    await harness.listener.signalled("offline_done", "s1")
    since = harness.listener.types("s1").index("restart_asked")
    types = [one for one in harness.listener.types("s1")[since:] if one in ("dialing", "connected", "offline_done")]
    assert types == ["dialing", "connected", "offline_done"]
    connected = await harness.listener.signalled("connected", "s1")
    assert set(connected.data) >= {"jid", "lid", "push_name", "platform"}
    assert (connected.data["jid"], connected.data["lid"]) == (device.jid, device.lid)


async def test_offline_done_counts_what_was_kept(harness):
    await link(harness, "s1")
    await harness.listener.signalled("offline_done", "s1")
    await keys_are_shared(harness)
    await harness.engine.stop("s1", 1)
    for n in range(3):
        await harness.write("s1", f"{n}")
    await harness.engine.start("s1", 2)
    done = await harness.listener.signalled("offline_done", "s1", count=2)
    assert done.data["count"] == 3


async def test_a_network_that_lets_nobody_in_is_connect_failed(harness):
    await link(harness, "s1")
    await harness.engine.stop("s1", 1)
    harness.network.faults.refuse_connections()
    await harness.engine.start("s1", 2)
    failed = await harness.listener.signalled("connect_failed", "s1")
    assert failed.data["error"]


async def test_pair_codes_carry_their_times(harness):
    await harness.engine.start("s1", 1)
    await harness.engine.pair_qr("s1", 1)
    codes = await harness.listener.signalled("pair_codes", "s1")
    assert len(codes.data["codes"]) == 6
    assert (codes.data["first_ms"], codes.data["next_ms"]) == (60_000, 20_000)


async def test_paired_says_who(harness):
    await link(harness, "s1")
    paired = await harness.listener.signalled("paired", "s1")
    assert set(paired.data) >= {"jid", "lid", "platform", "business_name"}
    assert paired.data["lid"].startswith(harness.phone("s1").account.lid)


async def test_a_code_that_is_not_offered_pairs_nobody(harness):
    await harness.engine.start("s1", 1)
    await harness.engine.pair_qr("s1", 1)
    codes = await harness.listener.signalled("pair_codes", "s1")
    with pytest.raises(ScanRefused):
        await harness.scan("s1", codes.data["codes"][0].replace(",", "x", 1))
    assert "paired" not in harness.listener.types("s1")


async def pairing_codes(harness: WhatsmeowHarness) -> list[str]:
    await harness.engine.start("s1", 1)
    await harness.engine.pair_qr("s1", 1)
    return (await harness.listener.signalled("pair_codes", "s1")).data["codes"]


async def test_a_phone_that_signs_with_another_secret_fails_the_pairing(harness):
    ref, noise, identity, secret, platform = (await pairing_codes(harness))[0].split(",")
    forged = base64.b64encode(b"x" * len(base64.b64decode(secret))).decode()
    with pytest.raises(ScanRefused):
        await harness.scan("s1", ",".join([ref, noise, identity, forged, platform]))
    failed = await harness.listener.signalled("pair_failed", "s1")
    assert "HMAC" in failed.data["error"]
    assert await harness.engine.start("s1", 1) is None


async def test_a_phone_that_is_too_old_is_said(harness):
    codes = await pairing_codes(harness)
    harness.network.faults.old_phone(harness.phone("s1"))
    with pytest.raises(ScanRefused):
        await harness.scan("s1", codes[0])
    await harness.listener.signalled("scanned_without_multidevice", "s1")


async def test_a_restart_is_asked_after_pairing_and_by_stream_error_515(harness):
    await link(harness, "s1")
    harness.network.faults.stream_error(harness.phone("s1"), 515)
    await harness.listener.signalled("restart_asked", "s1", count=2)
    await harness.engine.start("s1", 1)
    await harness.listener.signalled("connected", "s1", count=2)


async def test_a_cut_is_disconnected_and_not_expected(harness):
    await link(harness, "s1")
    before = harness.listener.types("s1").count("disconnected")
    await harness.cut("s1")
    signal = await harness.listener.signalled("disconnected", "s1", count=before + 1)
    assert signal.data == {"expected": False}


@pytest.mark.parametrize("code", [500, 503])
async def test_a_stream_error_is_said_or_the_disconnect_that_it_makes(harness, code):
    await link(harness, "s1")
    before = harness.listener.types("s1").count("disconnected")
    harness.network.faults.stream_error(harness.phone("s1"), code)
    await harness.listener.signalled("disconnected", "s1", count=before + 1)
    if code == 500:
        error = await harness.listener.signalled("stream_error", "s1")
        assert error.data["code"] == "500"


async def test_a_session_that_was_opened_elsewhere_is_replaced(harness):
    await link(harness, "s1")
    harness.network.faults.conflict(harness.phone("s1"))
    await harness.listener.signalled("replaced", "s1")
    assert [one.state for one in await harness.engine.sessions()] == ["disconnected"]


async def test_an_unlinked_device_is_logged_out_at_once(harness):
    await link(harness, "s1")
    await harness.unlink("s1")
    signal = await harness.listener.signalled("logged_out", "s1")
    assert (signal.data["on_connect"], signal.data["code"]) == (False, 401)


async def test_a_device_that_was_unlinked_while_away_is_logged_out_on_connect(harness):
    await link(harness, "s1")
    await harness.engine.stop("s1", 1)
    await harness.unlink("s1")
    await harness.engine.start("s1", 2)
    signal = await harness.listener.signalled("logged_out", "s1")
    assert signal.data["on_connect"] is True


async def test_a_temporary_ban_says_how_long_and_keeps_the_device(harness):
    device = await link(harness, "s1")
    harness.network.faults.failure(harness.phone("s1"), 402, expires_ms=3_600_000)
    await started_again(harness)
    ban = await harness.listener.signalled("temporary_ban", "s1")
    assert (ban.data["code"], ban.data["expires_ms"]) == (101, 3_600_000)
    assert ban.data["text"]
    assert await harness.engine.start("s1", 1) == device


async def test_an_outdated_client_is_said_and_keeps_the_device(harness):
    device = await link(harness, "s1")
    harness.network.faults.failure(harness.phone("s1"), 405)
    await started_again(harness)
    await harness.listener.signalled("client_outdated", "s1")
    assert await harness.engine.start("s1", 1) == device


@pytest.mark.parametrize("code", [403, 406])
async def test_a_main_device_that_is_gone_is_a_logout_on_connect(harness, code):
    await link(harness, "s1")
    harness.network.faults.failure(harness.phone("s1"), code)
    await started_again(harness)
    signal = await harness.listener.signalled("logged_out", "s1")
    assert (signal.data["code"], signal.data["on_connect"]) == (code, True)


async def test_any_other_failure_is_a_connect_failure_with_its_code(harness):
    await link(harness, "s1")
    harness.network.faults.failure(harness.phone("s1"), 418)
    await started_again(harness)
    failure = await harness.listener.signalled("connect_failure", "s1")
    assert failure.data["code"] == 418


async def test_pings_without_an_answer_time_out_and_their_answers_restore(harness):
    await link(harness, "s1")
    harness.network.faults.silent_pings(harness.phone("s1"))
    timeout = await harness.listener.signalled("keepalive_timeout", "s1")
    assert timeout.data["errors"] >= 1
    assert timeout.data["last_success_at"] > 0
    harness.network.faults.silent_pings(harness.phone("s1"), False)
    await harness.listener.signalled("keepalive_restored", "s1")


async def test_every_signal_carries_session_fence_and_time(harness):
    await link(harness, "s1", fence=42)
    said = [one for one in harness.listener.signals if one.session == "s1"]
    assert {one.fence for one in said} == {42}
    assert said[0].at <= said[-1].at
