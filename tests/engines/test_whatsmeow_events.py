"""Each event of docs/engine-protocol.md, section 4, and each awkward message: kept, and the next one arrives."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest

from recado.domain.engine import Gap, Incoming, Notice, Receipt
from recado.engines import whatsmeow_message
from recado_simulator.content import text_message
from recado_simulator.node import Node
from recado_simulator.protobuf import encode
from tests.engines.contract import text_to
from tests.engines.harness import link
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow
from tests.waiting import until

pytestmark = pytest.mark.engine

OF_A_MESSAGE = {
    "id", "chat", "sender", "sender_alt", "recipient_alt", "is_from_me", "is_group", "addressing_mode", "push_name",
    "timestamp_at", "type", "media_type", "category",
}  # fmt: skip
CONVERSATION, IMAGE = 1, 3


@pytest.fixture
async def harness(database_url, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
    async with whatsmeow(database_url, tmp_path) as harness:
        await link(harness, "s1")
        yield harness


async def kept(harness: WhatsmeowHarness, content: bytes) -> Incoming:
    """Send these bytes as a message, then a plain text; both have to arrive and be confirmed."""
    odd = await harness.contact.send(harness.phone("s1"), content)
    plain = await harness.write("s1", "the next one")
    listener = harness.listener
    await listener.until(lambda: [m for m in listener.messages("s1") if m.wa_id == plain])
    for wa_id in (odd, plain):
        await until(lambda wa_id=wa_id: harness.is_confirmed("s1", wa_id))
    [incoming] = [m for m in listener.messages("s1") if m.wa_id == odd]
    return incoming


async def introduced(harness: WhatsmeowHarness) -> None:
    """Somebody has written before, so that a new name is no news that comes ahead of the message."""
    await harness.write("s1", "hello")
    await harness.listener.until(lambda: harness.listener.texts("s1") == ["hello"])
    await harness.news_of_names("s1")


def handled(harness: WhatsmeowHarness, kind: type) -> list:
    return [one for one in harness.listener.heard if isinstance(one, kind)]


async def test_a_message_has_every_field(harness):
    wa_id = await harness.write("s1", "Olá!")
    data = await harness.frame("message")
    assert set(data) >= OF_A_MESSAGE | {
        "edit", "verified_name", "retry_count", "offline", "device_sent", "bytes", "json", "json_error",
    }  # fmt: skip
    assert (data["id"], data["chat"], data["is_from_me"], data["is_group"]) == (
        wa_id,
        harness.contact.lid,
        False,
        False,
    )
    assert (data["sender_alt"], data["push_name"]) == (f"{harness.contact.phone}@s.whatsapp.net", "Maria")
    assert base64.b64decode(data["bytes"]) == text_message("Olá!")
    assert (data["json"], data["json_error"], data["device_sent"]) == ({"conversation": "Olá!"}, None, None)


async def test_a_message_becomes_what_recado_means_by_it(harness):
    await harness.write("s1", "Olá!")
    await harness.listener.until(lambda: harness.listener.texts("s1"))
    [incoming] = harness.listener.messages("s1")
    assert (incoming.text, incoming.kind, incoming.is_from_me, incoming.trouble) == (
        "Olá!",
        "conversation",
        False,
        None,
    )
    assert (incoming.sender.phone, incoming.sender.lid) == (harness.contact.phone, harness.contact.lid)
    assert incoming.chat_identity == incoming.sender


async def test_a_message_that_the_owner_wrote_on_the_phone_says_for_whom(harness):
    await harness.phone("s1").send_text(harness.contact, "from the phone")
    await harness.listener.until(lambda: harness.listener.texts("s1"))
    data = await harness.frame("message")
    assert data["is_from_me"]
    assert data["device_sent"] == {"destination": harness.contact.lid}


async def test_a_message_that_waited_is_marked_as_offline(harness):
    await harness.engine.stop("s1", 1)
    await harness.write("s1", "while away")
    await harness.engine.start("s1", 2)
    assert (await harness.frame("message"))["offline"] is True


async def test_ciphertext_that_cannot_be_read_is_a_gap_which_the_repeat_fills(harness):
    await harness.write("s1", "first")
    await harness.listener.until(lambda: harness.listener.texts("s1"))
    harness.network.faults.corrupt(harness.phone("s1"))
    wa_id = await harness.write("s1", "broken at first")
    data = await harness.frame("undecryptable")
    assert set(data) >= OF_A_MESSAGE | {"is_unavailable", "unavailable_type", "fail_mode"}
    await harness.listener.until(lambda: "broken at first" in harness.listener.texts("s1"))
    [gap] = handled(harness, Gap)
    assert (gap.wa_id, data["id"]) == (wa_id, wa_id)
    assert [m.wa_id for m in harness.listener.messages("s1") if m.text == "broken at first"] == [wa_id]


async def test_receipts_of_what_was_sent_come_with_who_and_what(harness):
    outgoing = text_to(harness.somebody(), "Oi")
    await harness.engine.send("s1", 1, outgoing)
    await harness.contact.wait_text("Oi")
    await harness.contact.read(harness.phone("s1"))
    await harness.listener.until(lambda: {one.type for one in handled(harness, Receipt)} >= {"delivered", "read"})
    for receipt in handled(harness, Receipt):
        if receipt.type in ("delivered", "read"):
            assert (receipt.wa_ids, receipt.is_from_me) == ((outgoing.wa_id,), False)
            assert receipt.sender.lid == harness.contact.lid
    assert set(await harness.frame("receipt")) >= {
        "chat", "sender", "sender_alt", "is_from_me", "is_group", "message_sender", "ids", "timestamp_at", "type",
    }  # fmt: skip


async def test_anything_else_is_a_notice_with_its_name_and_value(harness):
    device = next(iter(harness.phone("s1").account.devices.values()))
    who = harness.contact.account.phone_jid
    harness.network.post.notify(device, who, "picture", [Node("set", {"jid": who, "id": "42"})])
    await harness.listener.until(lambda: [one for one in handled(harness, Notice) if one.name == "Picture"])
    assert set(await harness.frame("notice")) == {"name", "value"}
    notices = [one["data"] for one in harness.events("notice")]
    [picture] = [one for one in notices if one["name"] == "Picture"]
    assert picture["value"]["PictureID"] == "42"


async def test_what_is_told_of_app_state_has_every_field(harness):
    await harness.ready("s1")
    await harness.save_name("s1", harness.somebody(), "Maria")
    await harness.engine.fetch_app_state("s1", 1, "critical_unblock_low", None)
    data = await harness.frame("app_state")
    [item] = data["items"]
    assert (set(data), set(item)) == ({"collection", "items"}, {"index", "value"})
    assert (data["collection"], item["index"][0]) == ("critical_unblock_low", "contact")


async def test_what_is_told_of_history_has_every_field(harness):
    await harness.ready("s1")
    await harness.offer_history("s1", ["one"])
    notice = await harness.frame("history_notice")
    assert set(notice) == {"message_id", "notification", "sync_type", "chunk_order", "progress", "request"}
    await harness.engine.fetch_history("s1", 1, "p1", base64.b64decode(notice["notification"]))
    data = await harness.frame("history")
    assert (data["id"], data["me"]) == ("p1", (await harness.engine.sessions())[0].device.jid)
    assert set(data["messages"][0]) == {"chat", "pn", "lid", "order", "web", "bytes", "json", "json_error"}
    assert set(data) <= {"id", "me", "me_lid", "lids", "push_names", "conversations", "messages"}


async def test_a_message_that_the_converter_cannot_read_is_kept_with_its_bytes(harness, monkeypatch):
    honest = whatsmeow_message._content

    def fragile(data, raw):
        if b"poison" in raw:
            raise RecursionError("too deep")
        return honest(data, raw)

    monkeypatch.setattr(whatsmeow_message, "_content", fragile)
    incoming = await kept(harness, text_message("poison"))
    assert (incoming.kind, incoming.text, incoming.raw) == ("unknown", None, text_message("poison"))
    assert "too deep" in (incoming.trouble or "")


async def test_a_nul_in_a_text_is_kept_in_the_bytes_and_visible_in_the_text(harness):
    incoming = await kept(harness, text_message("a\0b"))
    assert (incoming.text, incoming.raw) == ("a␀b", text_message("a\0b"))


async def test_invalid_utf8_is_kept_in_the_bytes_and_keeps_its_kind(harness):
    content = encode([(CONVERSATION, b"a\xff\xfeb")])
    incoming = await kept(harness, content)
    assert (incoming.raw, incoming.kind, incoming.text) == (content, "conversation", None)
    assert incoming.trouble


async def test_bytes_that_are_no_protobuf_are_kept_as_they_came(harness):
    incoming = await kept(harness, b"\x0a\x7fabc")
    assert incoming.raw == b"\x0a\x7fabc"
    assert incoming.trouble


async def test_a_field_that_nobody_knows_is_kept(harness):
    content = encode([(2047, b"from the future")])
    incoming = await kept(harness, content)
    assert (incoming.kind, incoming.raw) == ("unknown", content)


async def test_a_kind_keeps_its_protobuf_name(harness):
    incoming = await kept(harness, encode([(IMAGE, encode([(3, b"caption")]))]))
    assert (incoming.kind, incoming.text) == ("imageMessage", "caption")


async def test_a_text_of_65536_characters_comes_whole(harness):
    text = "👋" * 65_536
    assert (await kept(harness, text_message(text))).text == text


async def test_a_text_of_2_mb_comes_by_file_which_is_gone_after_the_commit(harness):
    text = "x" * 2_000_000
    await introduced(harness)
    harness.listener.hold("s1")
    await harness.write("s1", text)
    await harness.listener.until(lambda: harness.listener.waiting)
    assert len(list(harness.exchange.glob("event-*"))) == 1
    harness.listener.release("s1")
    await harness.listener.until(lambda: harness.listener.texts("s1") == ["hello", text])
    await until(lambda: not list(harness.exchange.iterdir()))
    assert harness.events("message")[1].keys() >= {"file"}


async def test_an_event_by_file_that_was_not_stored_comes_again(harness):
    text = "x" * 2_000_000
    await introduced(harness)
    harness.listener.refuse("s1")
    wa_id = await harness.write("s1", text)
    await until(lambda: len(harness.events("message")) == 2)
    harness.listener.accept("s1")
    await harness.engine.stop("s1", 1)
    await harness.engine.start("s1", 2)
    await harness.listener.until(lambda: harness.listener.texts("s1") == ["hello", text])
    await until(lambda: harness.is_confirmed("s1", wa_id))


async def test_more_than_the_limit_of_unanswered_events_waits_in_the_host_and_none_is_lost(harness):
    limit = harness.engine.host.hello.unanswered_per_session
    harness.listener.hold("s1")
    count = limit + 20
    for n in range(count):
        await harness.write("s1", f"{n}")
    await harness.listener.until(lambda: len(harness.listener.waiting) >= 1)
    probe = await harness.engine.probe("s1", 1, 10_000)
    assert probe.unanswered <= limit
    assert len(harness.listener.waiting) <= limit
    harness.listener.release("s1")
    await harness.listener.until(lambda: len(harness.listener.texts("s1")) == count)
    assert harness.listener.texts("s1") == [f"{n}" for n in range(count)]
