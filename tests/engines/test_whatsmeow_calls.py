"""Each call of docs/engine-protocol.md, section 3, and each of its errors, against the real host."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import stat
from collections.abc import AsyncIterator

import pytest

from recado.domain.engine import EngineError
from recado.engines.rpc import RpcError
from tests.engines.contract import text_to
from tests.engines.harness import link
from tests.engines.harness_sync import ready
from tests.engines.test_host import is_alive
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow
from tests.waiting import until

pytestmark = pytest.mark.engine


@pytest.fixture
async def harness(database_url, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
    async with whatsmeow(database_url, tmp_path) as harness:
        yield harness


async def refusal(harness: WhatsmeowHarness, method: str, **params) -> tuple[int, str, bool]:
    """Code, kind and retry of the error that the call ends with."""
    with pytest.raises(RpcError) as caught:
        await harness.ask(method, **params)
    return caught.value.code, caught.value.data["kind"], caught.value.data["retry"]


async def test_hello_says_who_it_is_and_what_it_can(harness):
    hello = await harness.ask("hello", protocol=1, client="test")
    assert set(hello) >= {
        "protocol",
        "engine",
        "version",
        "library",
        "wa_version",
        "capabilities",
        "limits",
        "exchange",
    }
    assert (hello["protocol"], hello["engine"], hello["limits"]["frame_bytes"]) == (1, "whatsmeow", 1_048_576)
    assert hello["limits"]["unanswered_per_session"] > 1
    assert hello["exchange"] == str(harness.exchange)


async def test_hello_of_another_protocol_is_refused_or_answered_with_its_own(harness):
    with pytest.raises(RpcError) as caught:
        await harness.ask("hello", protocol=99, client="test")
    assert caught.value.data["kind"] in ("invalid_params", "invalid_request")


async def test_open_answers_the_device_or_null(harness):
    assert await harness.ask("open", session="s1", fence=1, lease_ms=20_000) == {"device": None}
    device = await link(harness, "s2")
    answer = await harness.ask("open", session="s2", fence=2, lease_ms=20_000)
    assert answer["device"]["jid"] == device.jid
    assert set(answer["device"]) == {"jid", "lid", "push_name"}


async def test_a_heartbeat_renews_and_tells_stale_and_unknown_sessions_apart(harness):
    await harness.ask("open", session="s1", fence=5, lease_ms=20_000)
    await harness.ask("open", session="s2", fence=5, lease_ms=20_000)
    answer = await harness.ask("heartbeat", sessions={"s1": 5, "s2": 4, "s3": 1}, lease_ms=20_000)
    assert (answer["renewed"], answer["stale"], answer["unknown"]) == (["s1"], ["s2"], ["s3"])


async def test_a_snapshot_has_every_field(harness):
    await link(harness, "s1")
    [snapshot] = (await harness.ask("sessions"))["sessions"]
    assert set(snapshot) >= {
        "session", "fence", "state", "since_at", "jid", "lid", "push_name", "platform", "unanswered", "queue",
        "oldest_unanswered_ms", "lease_left_ms",
    }  # fmt: skip
    assert 0 < snapshot["lease_left_ms"] <= 20_000


async def test_pair_qr_anew_offers_other_codes(harness):
    await harness.engine.start("s1", 1)
    await harness.engine.pair_qr("s1", 1)
    first = await harness.listener.signalled("pair_codes", "s1")
    await harness.engine.pair_qr("s1", 1)
    second = await harness.listener.signalled("pair_codes", "s1", count=2)
    assert set(first.data["codes"]).isdisjoint(second.data["codes"])


async def test_pair_phone_wants_digits(harness):
    await harness.engine.start("s1", 1)
    assert await refusal(harness, "pair_phone", session="s1", fence=1, phone="+55 11") == (
        -32602, "invalid_params", False,
    )  # fmt: skip


async def test_pair_passkey_without_a_pairing_is_refused(harness):
    await harness.engine.start("s1", 1)
    assert (await refusal(harness, "pair_passkey", session="s1", fence=1, confirm=True))[1] == "not_connected"


async def test_send_answers_when_and_to_whom_it_went(harness):
    await link(harness, "s1")
    to = f"{harness.somebody()}@s.whatsapp.net"
    answer = await harness.ask("send", session="s1", fence=1, id="3EB0AA", to=to, message={"conversation": "Oi"})
    assert (answer["id"], answer["to"]) == ("3EB0AA", harness.contact.lid)
    assert answer["sent_at"] > 1_700_000_000_000
    assert answer["sender"]


async def test_send_takes_the_message_from_a_file(harness):
    await link(harness, "s1")
    (harness.exchange / "send-1").write_text('{"conversation": "from a file"}')
    to = f"{harness.somebody()}@s.whatsapp.net"
    await harness.ask("send", session="s1", fence=1, id="3EB0AB", to=to, file="send-1")
    assert await harness.contact.wait_text("from a file") == "from a file"


async def test_a_text_of_65536_characters_goes_out_whole(harness):
    await link(harness, "s1")
    text = "👋🏽é" * 21_845 + "!"
    assert len(text) == 65_536
    await harness.engine.send("s1", 1, text_to(harness.somebody(), text))
    assert await harness.contact.wait_text("!", timeout=20) == text


async def test_send_of_no_message_is_refused_for_good(harness):
    await link(harness, "s1")
    to = f"{harness.somebody()}@s.whatsapp.net"
    assert await refusal(harness, "send", session="s1", fence=1, id="3EB0AC", to=to, message={"noSuchField": 1}) == (
        -32007,
        "invalid_message",
        False,
    )


async def test_send_to_somebody_without_an_account_is_refused(harness):
    await link(harness, "s1")
    with pytest.raises(EngineError) as caught:
        await harness.engine.send("s1", 1, text_to(harness.nobody(), "Oi"))
    assert (caught.value.kind, caught.value.may_retry) == ("not_on_whatsapp", False)


async def test_a_send_without_an_ack_is_a_timeout_and_uncertain(harness):
    await link(harness, "s1")
    await harness.engine.send("s1", 1, text_to(harness.somebody(), "first"))  # what a first message costs is not timed
    harness.network.faults.withhold_acks(harness.phone("s1"))
    to = f"{harness.somebody()}@s.whatsapp.net"
    code, kind, retry = await refusal(
        harness, "send", session="s1", fence=1, id="3EB0AD", to=to, message={"conversation": "Oi"}, timeout_ms=2000
    )
    assert (code, kind, retry) == (-32005, "timeout", True)
    assert await harness.contact.wait_text("Oi") == "Oi"


async def test_a_send_that_the_cut_interrupts_is_uncertain_and_its_repeat_arrives_once(harness):
    await link(harness, "s1")
    await harness.engine.send("s1", 1, text_to(harness.somebody(), "first"))
    harness.network.faults.withhold_acks(harness.phone("s1"))
    outgoing = text_to(harness.somebody(), "second")
    sending = asyncio.ensure_future(harness.engine.send("s1", 1, outgoing))
    await harness.contact.wait_text("second")
    await harness.cut("s1")
    with pytest.raises(EngineError) as caught:
        await sending
    assert (caught.value.is_uncertain, caught.value.may_retry) == (True, True)
    harness.network.faults.clear()
    await harness.engine.start("s1", 1)
    await harness.listener.signalled("connected", "s1", count=2)
    await harness.engine.send("s1", 1, outgoing)
    assert [one.text for one in await harness.arrived("s1")] == ["first", "second"]


async def test_resolve_answers_number_jid_and_lid(harness):
    await link(harness, "s1")
    [user] = (await harness.ask("resolve", session="s1", fence=1, phones=[f"+{harness.somebody()}"]))["users"]
    assert user == {
        "query": f"+{harness.somebody()}",
        "registered": True,
        "jid": f"{harness.somebody()}@s.whatsapp.net",
        "lid": harness.contact.lid,
    }


async def test_probe_measures_and_counts(harness):
    await ready(harness)
    probe = await harness.ask("probe", session="s1", fence=1, timeout_ms=5000)
    assert set(probe) == {"round_trip_ms", "queue", "unanswered", "oldest_unanswered_ms"}
    assert (probe["unanswered"], probe["oldest_unanswered_ms"]) == (0, 0)


async def test_a_probe_that_the_network_does_not_answer_is_a_timeout(harness):
    await link(harness, "s1")
    harness.network.faults.silent_pings(harness.phone("s1"))
    with pytest.raises(EngineError) as caught:
        await harness.engine.probe("s1", 1, 300)
    assert caught.value.kind == "timeout"


async def test_an_upload_can_be_downloaded_again(harness):
    await link(harness, "s1")
    content = os.urandom(100_000)
    (harness.exchange / "upload-1").write_bytes(content)
    up = await harness.ask("upload", session="s1", fence=1, file="upload-1", kind="image")
    assert set(up) == {"url", "direct_path", "media_key", "file_sha256", "file_enc_sha256", "file_length"}
    parts = {name: up[name] for name in up if name != "url"}
    down = await harness.ask("download", session="s1", fence=1, kind="image", **parts)
    assert (harness.exchange / down["file"]).read_bytes() == content


async def test_a_download_whose_hash_is_wrong_is_refused(harness):
    await link(harness, "s1")
    (harness.exchange / "upload-1").write_bytes(b"content")
    up = await harness.ask("upload", session="s1", fence=1, file="upload-1", kind="document")
    parts = {name: up[name] for name in up if name != "url"} | {
        "file_sha256": base64.b64encode(bytes(32)).decode(),
    }
    assert (await refusal(harness, "download", session="s1", fence=1, kind="document", **parts))[1] == "file"


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", ".hidden", "missing"])
async def test_a_file_outside_the_exchange_directory_is_refused(harness, name):
    await link(harness, "s1")
    assert await refusal(harness, "upload", session="s1", fence=1, file=name, kind="image") == (-32009, "file", False)


async def test_close_answers_when_nothing_more_will_come(harness):
    await link(harness, "s1")
    assert await harness.ask("close", session="s1", fence=1) == {}
    assert (await harness.ask("sessions"))["sessions"] == []


async def test_logout_tells_the_network(harness):
    await link(harness, "s1")
    await harness.ask("logout", session="s1", fence=1)
    await until(lambda: not harness.phone("s1").account.devices)


async def test_forget_tells_nobody_and_works_on_a_session_that_is_not_open(harness):
    await link(harness, "s1", fence=3)
    await harness.ask("close", session="s1", fence=3)
    assert (await refusal(harness, "forget", session="s1", fence=2))[1] == "stale_fence"
    assert await harness.ask("forget", session="s1", fence=3) == {}
    assert await harness.engine.start("s1", 4) is None
    assert harness.phone("s1").account.devices


async def test_shutdown_closes_all_and_the_host_ends(harness):
    await link(harness, "s1")
    pid = harness.engine.host.pid
    assert await harness.ask("shutdown") == {}
    closed = await harness.listener.signalled("closed", "s1")
    assert closed.data["cause"] == "shutdown"
    await harness.listener.signalled("host_up", count=2)
    assert not is_alive(pid)


async def test_an_unknown_method_is_refused(harness):
    assert await refusal(harness, "no_such_method") == (-32601, "unknown_method", False)


async def test_unknown_fields_are_ignored(harness):
    assert await harness.ask("open", session="s1", fence=1, lease_ms=20_000, colour="blue") == {"device": None}


@pytest.mark.parametrize(
    ("method", "params"),
    [("open", {"session": 5}), ("send", {"session": "s1", "fence": "x"}), ("heartbeat", {"sessions": []})],
)
async def test_params_of_a_wrong_form_are_refused(harness, method, params):
    assert (await refusal(harness, method, **params))[:2] == (-32602, "invalid_params")


async def test_a_session_that_is_not_open_is_unknown(harness):
    assert await refusal(harness, "pair_qr", session="s9", fence=1) == (-32001, "unknown_session", False)


async def test_a_stale_fence_is_told_the_current_one(harness):
    await harness.engine.start("s1", 7)
    with pytest.raises(RpcError) as caught:
        await harness.ask("pair_qr", session="s1", fence=6)
    assert (caught.value.code, caught.value.data["fence"]) == (-32002, 7)


async def test_a_fence_that_is_newer_than_the_sessions_is_stale_too_except_to_open(harness):
    await harness.engine.start("s1", 7)
    assert (await refusal(harness, "pair_qr", session="s1", fence=8))[1] == "stale_fence"


async def test_the_exchange_directory_is_ours_alone(harness):
    assert stat.S_IMODE(harness.exchange.stat().st_mode) == 0o700


async def test_left_overs_of_an_earlier_host_are_swept_when_it_starts(harness):
    (harness.exchange / "event-old").write_text("{}")
    (harness.exchange / "download-old").write_text("x")
    (harness.exchange / "mine").write_text("x")
    os.kill(harness.engine.host.pid, signal.SIGKILL)
    await harness.listener.signalled("host_up", count=2)
    assert [path.name for path in harness.exchange.iterdir()] == ["mine"]
