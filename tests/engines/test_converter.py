"""What Recado makes of the whatsmeow host's events, the broken ones included."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.domain.engine import Gap, Inbound, Incoming, Notice, Receipt
from recado.domain.jid import Identity
from recado.engines import content, whatsmeow_message
from recado.engines.whatsmeow_converter import convert

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PHONE, LID = "5511988887777", "100200300@lid"
MARIA = Identity(phone=PHONE, lid=LID)
SECRET = b"\x12\x03abc"


def frame(**changes: Any) -> dict[str, Any]:
    return {
        "id": "3EB0AA",
        "chat": LID,
        "sender": "100200300:7@lid",
        "sender_alt": f"{PHONE}@s.whatsapp.net",
        "recipient_alt": "",
        "is_from_me": False,
        "is_group": False,
        "push_name": "Maria",
        "timestamp_at": int(NOW.timestamp() * 1000) - 5_000,
        "category": "",
        "bytes": base64.b64encode(b"\x0a\x02Oi").decode(),
        "json": {"conversation": "Oi"},
        "json_error": None,
    } | changes


def read(**changes: Any) -> Incoming:
    read = convert("message", "s", frame(**changes), now=NOW)
    assert isinstance(read, Incoming)
    return read


def of_json(**message: Any) -> Incoming:
    return read(json=message)


def of_bytes(raw: bytes) -> Incoming:
    return read(json=None, json_error="invalid UTF-8", bytes=base64.b64encode(raw).decode())


def field(number: int, value: bytes) -> bytes:
    tag = number << 3 | 2
    return bytes([tag & 0x7F | 0x80, tag >> 7] if tag > 0x7F else [tag]) + bytes([len(value)]) + value


def test_a_text_is_read_with_its_time_its_bytes_and_its_name():
    message = read()
    assert (message.kind, message.text, message.raw) == ("conversation", "Oi", b"\x0a\x02Oi")
    assert message.sent_at == NOW - timedelta(seconds=5)
    assert (message.push_name, message.trouble) == ("Maria", None)


def test_sender_and_chat_carry_number_and_lid():
    message = read()
    assert (message.chat_identity, message.sender) == (MARIA, MARIA)


def test_the_chat_of_a_message_from_the_own_phone_is_whom_it_went_to():
    message = read(is_from_me=True, sender="9:1@lid", sender_alt="", recipient_alt=f"{PHONE}@s.whatsapp.net")
    assert (message.chat_identity, message.is_from_me) == (MARIA, True)


def test_a_group_is_no_person():
    message = read(chat="1203@g.us")
    assert (message.chat, message.chat_identity, message.sender) == ("1203@g.us", Identity(), MARIA)


def test_a_message_by_somebodys_list_is_read_in_the_chat_with_them():
    message = read(chat="77@broadcast")
    assert (message.chat, message.chat_identity) == (LID, MARIA)


def test_status_posts_keep_their_chat():
    assert read(chat="status@broadcast").chat == "status@broadcast"


def test_an_extended_text_is_read_with_what_it_quotes():
    message = of_json(extendedTextMessage={"text": "Sim", "contextInfo": {"stanzaID": "3EB0BB"}})
    assert (message.kind, message.text, message.quoted_wa_id) == ("extendedTextMessage", "Sim", "3EB0BB")


def test_the_text_of_a_picture_is_its_caption():
    message = of_json(imageMessage={"caption": "Veja", "contextInfo": {"stanzaID": "3EB0BB"}}, messageContextInfo={})
    assert (message.kind, message.text, message.quoted_wa_id) == ("imageMessage", "Veja", "3EB0BB")


def test_envelopes_that_the_host_left_are_opened():
    inner = {"conversation": "Oi"}
    message = of_json(deviceSentMessage={"message": {"ephemeralMessage": {"message": inner}}})
    assert (message.kind, message.text) == ("conversation", "Oi")


@pytest.mark.parametrize(
    "message",
    [
        {"senderKeyDistributionMessage": {"groupID": "1203@g.us"}},
        {"messageContextInfo": {}},
        {"protocolMessage": {"type": "APP_STATE_SYNC_KEY_SHARE"}},
        {"protocolMessage": {"type": "HISTORY_SYNC_NOTIFICATION"}, "messageContextInfo": {}},
    ],
)
def test_devices_speaking_among_themselves_are_no_message(message: dict[str, Any]):
    assert of_json(**message).is_protocol


@pytest.mark.parametrize("body", [{"type": "REVOKE"}, {"type": "MESSAGE_EDIT"}, {}, {"type": "A_NEW_ONE"}])
def test_taking_back_editing_and_what_is_new_are_messages(body: dict[str, Any]):
    message = of_json(protocolMessage=body)
    assert (message.kind, message.is_protocol) == ("protocolMessage", False)


def test_a_group_key_beside_a_text_does_not_hide_the_text():
    message = of_json(senderKeyDistributionMessage={}, conversation="Oi")
    assert (message.text, message.is_protocol) == ("Oi", False)


def test_peer_messages_are_no_messages():
    assert read(category="peer").is_protocol


def test_without_json_the_kind_is_found_by_field_number_and_the_bytes_are_kept():
    raw = field(35, b"") + field(3, b"\xff\xfe")
    message = of_bytes(raw)
    assert (message.kind, message.text, message.raw) == ("imageMessage", None, raw)
    assert message.trouble == "invalid UTF-8"


def test_without_json_envelopes_are_opened_too():
    assert of_bytes(field(31, field(1, b"x") + field(2, field(40, field(1, field(1, b"\xff")))))).kind == "conversation"


def test_without_json_a_key_share_is_still_no_message():
    assert of_bytes(field(12, b"\x10\x06")).is_protocol
    assert of_bytes(field(2, b"\xff")).is_protocol
    assert not of_bytes(field(12, b"\x10\x00")).is_protocol


@pytest.mark.parametrize("raw", [b"", b"\xff", b"\x0a\x7f", b"\x0b", b"\xff" * 50, b"\x00", b"\x0a\x80"])
def test_bytes_that_are_no_protobuf_are_unknown(raw: bytes):
    assert of_bytes(raw).kind == "unknown"


def test_a_field_nobody_knows_is_unknown():
    message = of_json()
    assert (message.kind, message.trouble) == ("unknown", "it has no field that is known")


def test_nul_and_half_a_surrogate_pair_are_made_visible():
    assert of_json(conversation="a\0b\ud800c").text == "a␀b�c"


def test_two_megabytes_of_text_are_a_text():
    assert len(of_json(conversation="ã" * 2_000_000).text or "") == 2_000_000


def test_an_odd_id_is_a_fingerprint():
    assert read(id="a b\0").wa_id.startswith("odd:")


def test_without_an_id_a_repeat_is_still_the_same_and_another_message_is_not():
    assert read(id="").wa_id == read(id=None).wa_id
    assert read(id="").wa_id != read(id="", bytes="CgJPYQ==").wa_id


@pytest.mark.parametrize("time", [None, 0, -1, "x", 10**30, True, 1.5, int(NOW.timestamp() * 1000) + 10**9])
def test_a_time_that_cannot_be_is_now(time: object):
    assert read(timestamp_at=time).sent_at == NOW


def test_bytes_that_are_no_base64_are_kept_as_they_came():
    message = read(bytes="não")
    assert (message.raw, message.trouble) == ("não".encode(), "its bytes are not base64")


@pytest.mark.parametrize("chat", ["", "x", "@", "a@b@c", "\0@lid", "x@s.whatsapp.net", "@s.whatsapp.net"])
def test_a_jid_that_is_none_names_nobody(chat: str):
    message = read(chat=chat, sender="", sender_alt="")
    assert (message.chat_identity, message.text) == (Identity(), "Oi")


def test_a_reader_that_raises_leaves_the_message_unknown_with_its_bytes(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> content.Content:
        raise RuntimeError("a bug")

    monkeypatch.setattr(whatsmeow_message, "read_json", broken)
    message = read()
    assert (message.kind, message.raw, message.trouble) == ("unknown", b"\x0a\x02Oi", "RuntimeError: a bug")
    assert message.chat_identity == Identity(lid=LID)


def test_a_receipt_names_who_and_what():
    receipt = convert("receipt", "s", frame(ids=["3EB0AA", 7, "3EB0BB"], type="read"), now=NOW)
    assert isinstance(receipt, Receipt)
    assert (receipt.wa_ids, receipt.type, receipt.sender) == (("3EB0AA", "3EB0BB"), "read", MARIA)


@pytest.mark.parametrize(
    ("sender", "is_from_me", "is_from_phone"),
    [
        ("5511999990001@s.whatsapp.net", True, True),
        ("5511999990001:3@s.whatsapp.net", True, False),
        ("100000000000001@lid", True, True),
        ("5511988887777@s.whatsapp.net", False, False),
    ],
)
def test_what_the_own_phone_itself_says_is_told_apart(sender: str, is_from_me: bool, is_from_phone: bool):
    said = frame(sender=sender, is_from_me=is_from_me, ids=["3EB0AA"])
    for type in ("message", "receipt"):
        heard = convert(type, "s", said, now=NOW)
        assert isinstance(heard, Incoming | Receipt)
        assert heard.is_from_phone is is_from_phone


def test_an_undecryptable_message_is_a_gap():
    gap = convert("undecryptable", "s", frame(), now=NOW)
    assert isinstance(gap, Gap)
    assert (gap.wa_id, gap.cause, gap.chat_identity) == ("3EB0AA", "undecryptable", MARIA)
    view_once = convert("undecryptable", "s", frame(is_unavailable=True, unavailable_type="view_once"), now=NOW)
    assert isinstance(view_once, Gap)
    assert view_once.cause == "view_once"


def test_anything_else_is_a_notice():
    assert convert("notice", "s", {"name": "GroupInfo", "value": {"a": 1}}, now=NOW) == Notice(
        session="s", name="GroupInfo", value={"a": 1}
    )
    assert convert("new", "s", {"a": 1}, now=NOW) == Notice(session="s", name="new", value={"a": 1})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from([*frame(), "ids", "name", "value", "is_unavailable", "unavailable_type"])
parts = st.sampled_from(["conversation", "extendedTextMessage", "protocolMessage", "deviceSentMessage", "imageMessage"])
messages = st.dictionaries(parts, anything | st.dictionaries(st.sampled_from(["message", "text", "type"]), anything))


@given(
    st.sampled_from(["message", "receipt", "undecryptable", "notice", "?"]),
    st.dictionaries(names, anything) | anything,
    messages,
)
def test_nothing_that_comes_makes_it_raise(type: str, data: object, message: dict[str, Any]):
    if isinstance(data, dict):
        data = frame() | {"json": message} | data
    heard: Inbound = convert(type, "s", data, now=NOW)
    assert heard.session == "s"
    assert isinstance(heard, Incoming) == (type == "message")


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(raw: bytes):
    assert of_bytes(raw).raw == raw
