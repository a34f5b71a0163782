"""History, app state, typing and presence as values: what is odd is left out or read as nothing, and never raises."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.domain.chats import FOREVER
from recado.domain.engine import Notice
from recado.domain.jid import Identity
from recado.domain.sync import AppStateItem, AppStateItems, HistoryBatch, HistoryNotice, Presence, Typing
from recado.engines.fields import EARLIEST
from recado.engines.whatsmeow_converter import READERS, convert
from recado.engines.whatsmeow_history import conversation

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SECONDS = 1_760_000_000
AT = datetime.fromtimestamp(SECONDS, UTC)
PN, LID = "5511988887777@s.whatsapp.net", "200000000000001@lid"
BOTH = Identity(phone="5511988887777", lid=LID)

KNOWN = """ID key web json order messages conversations messageTimestamp muteEndTime participant lids push_names items
index value notification protocolMessage editedMessage message"""
NAMES = st.sampled_from(KNOWN.split())
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(PN) | st.just("-1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | NAMES, inner, max_size=4),
    max_leaves=20,
)


def batch(**data: Any) -> HistoryBatch:
    heard = convert("history", "s1", {"id": "p1", "me": "5511999990001:1@s.whatsapp.net", **data}, now=NOW)
    assert isinstance(heard, HistoryBatch)
    return heard


def message(chat: str = PN, *, lid: str = "", key: dict[str, Any] | None = None, **web: Any) -> dict[str, Any]:
    web = {"key": {"ID": "A", **(key or {})}, "messageTimestamp": str(SECONDS), **web}
    return {"chat": chat, "lid": lid, "web": web, "bytes": "CgJPaQ==", "json": {"conversation": "Oi"}}


@given(st.sampled_from(sorted(READERS)), values)
def test_whatever_comes_nothing_raises(type: str, data: Any):
    convert(type, "s1", data, now=NOW)
    convert("notice", "s1", {"name": type, "value": data}, now=NOW)


@given(st.dictionaries(st.text(max_size=8) | NAMES, values, max_size=4))
def test_whatever_an_entry_holds_no_other_is_lost(odd: dict[str, Any]):
    heard = batch(messages=[odd, message()], conversations=[odd, {"ID": PN}], lids=[odd, {"pnJID": PN, "lidJID": LID}])
    assert (heard.messages[-1].incoming.text, heard.conversations[-1].chat, heard.people[-1]) == ("Oi", PN, BOTH)


def test_an_offer_is_read():
    data = {"message_id": "H", "notification": "CAM=", "sync_type": "RECENT", "chunk_order": 2, "progress": 130}
    assert convert("history_notice", "s1", data, now=NOW) == HistoryNotice(
        session="s1", wa_id="H", notification=b"\x08\x03", sync_type="RECENT", chunk_order=2, progress=100
    )


def test_an_offer_without_bytes_is_an_unreadable_notice():
    heard = convert("history_notice", "s1", {"message_id": "H"}, now=NOW)
    assert isinstance(heard, Notice)
    assert heard.name == "unreadable_history_notice"


def test_a_conversation_is_read():
    told = conversation(
        {
            "ID": LID,
            "pnJID": PN,
            "displayName": "Maria\0",
            "unreadCount": 3,
            "archived": True,
            "markedAsUnread": True,
            "pinned": SECONDS,
            "lastMsgTimestamp": str(SECONDS),
            "endOfHistoryTransferType": "COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY",
            "participant": [{"userJID": PN, "rank": "SUPERADMIN"}, {"userJID": LID}],
        },
        NOW,
    )
    assert (told.identity, told.name, told.unread) == (BOTH, "Maria␀", 3)
    assert (told.is_archived, told.is_marked_unread, told.is_complete) == (True, True, True)
    assert (told.pinned_at, told.last_at) == (AT, AT)
    assert told.participants == ((PN, "superadmin"), (LID, "member"))


@pytest.mark.parametrize(
    ("told", "until"),
    [
        (str(2**64 - 1), FOREVER),
        ("-1", FOREVER),
        (str(SECONDS), AT),
        (str(SECONDS * 1000), AT),
        ("0", None),
        (None, None),
        ("soon", None),
    ],
)
def test_a_mute_ends_then_or_never(told: Any, until: datetime | None):
    assert conversation({"ID": PN, "muteEndTime": told}, NOW).muted_until == until


def test_a_message_of_the_past_is_as_a_live_one():
    [told] = batch(messages=[message(lid=LID, status="READ", pushName="Maria") | {"order": "7"}]).messages
    incoming = told.incoming
    assert (incoming.wa_id, incoming.text, incoming.kind, incoming.sent_at) == ("A", "Oi", "conversation", AT)
    assert (incoming.chat, incoming.chat_identity, incoming.sender, incoming.push_name) == (PN, BOTH, BOTH, "Maria")
    assert (told.place, told.status, told.is_edit, told.stub) == (7, "READ", False, None)


def test_a_member_of_a_group_is_named_by_the_key_or_beside_it():
    group = "120363000000000001@g.us"
    heard = batch(messages=[message(group, participant=PN), message(group, key={"participant": LID})]).messages
    assert [one.incoming.sender for one in heard] == [Identity(phone=BOTH.phone), Identity(lid=LID)]
    assert all(one.incoming.is_group for one in heard)


def test_a_message_without_a_time_comes_before_all_others():
    [told] = batch(messages=[message(messageTimestamp=None)]).messages
    assert told.incoming.sent_at == EARLIEST


def test_without_an_order_the_time_is_the_place():
    [told] = batch(messages=[message()]).messages
    assert told.place == SECONDS


def test_the_name_of_nobody_is_left_out():
    names = [{"ID": PN, "pushname": "Maria"}, {"ID": PN, "pushname": "-"}, {"ID": "", "pushname": "x"}, {"ID": PN}]
    assert batch(push_names=names).push_names == ((Identity(phone="5511988887777"), "Maria"),)


def test_app_state_is_read_as_it_can_be_stored():
    items = [{"index": ["contact", PN], "value": {"contactAction": {"fullName": "M\0"}}}, {"index": "x", "value": 1}]
    assert convert("app_state", "s1", {"collection": "regular", "items": items}, now=NOW) == AppStateItems(
        session="s1",
        collection="regular",
        items=(
            AppStateItem(index=("contact", PN), value={"contactAction": {"fullName": "M␀"}}),
            AppStateItem(index=(), value={}),
        ),
    )


@pytest.mark.parametrize(("state", "media", "meant"), [("composing", "audio", "recording"), ("paused", "", "paused")])
def test_typing_is_read(state: str, media: str, meant: str):
    value = {"Chat": LID, "Sender": LID, "SenderAlt": PN, "State": state, "Media": media}
    heard = convert("notice", "s1", {"name": "ChatPresence", "value": value}, now=NOW)
    assert heard == Typing(session="s1", chat=LID, chat_identity=BOTH, sender=BOTH, state=meant)


@pytest.mark.parametrize(("last", "at"), [("2025-10-09T08:53:20Z", AT), ("0001-01-01T00:00:00Z", None), ("", None)])
def test_presence_is_read(last: str, at: datetime | None):
    value = {"From": PN, "Unavailable": True, "LastSeen": last}
    heard = convert("notice", "s1", {"name": "Presence", "value": value}, now=NOW)
    identity = Identity(phone="5511988887777")
    assert heard == Presence(session="s1", identity=identity, is_available=False, last_seen_at=at)
