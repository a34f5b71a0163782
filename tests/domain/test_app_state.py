"""What an entry of app state means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from recado.domain.app_state import (
    Archived,
    Marked,
    Meaning,
    Muted,
    Named,
    OwnName,
    Pinned,
    card_of,
    flags_of,
    meaning_of,
)
from recado.domain.chats import FOREVER
from recado.domain.jid import Identity

PN, LID, GROUP = "5511988887777@s.whatsapp.net", "100200300@lid", "1203@g.us"
AT = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
MS = str(int(AT.timestamp() * 1000))


def read(*index: str, at: str = MS, **value: Any) -> Meaning | None:
    return meaning_of(index, {"timestamp": at} | value)


def test_a_contact_has_a_name_and_all_that_is_said_of_who_it_is():
    action = {"fullName": "Maria Silva", "firstName": "Maria", "lidJID": LID}
    assert read("contact", PN, contactAction=action) == Named(
        subject=PN, at=AT, identity=Identity(phone="5511988887777", lid=LID), name="Maria Silva", first_name="Maria"
    )


def test_a_contact_by_lid_says_its_number():
    named = read("contact", LID, contactAction={"fullName": "Maria", "pnJID": PN})
    assert isinstance(named, Named)
    assert (named.subject, named.identity) == (LID, Identity(phone="5511988887777", lid=LID))


def test_a_contact_with_a_first_name_only_goes_by_it():
    named = read("contact", PN, contactAction={"firstName": "Maria"})
    assert isinstance(named, Named)
    assert named.name == "Maria"


def test_a_contact_without_any_name_is_saved_all_the_same():
    named = read("contact", PN, contactAction={"fullName": "  "})
    assert isinstance(named, Named)
    assert named.name is None


@pytest.mark.parametrize("jid", ["", "maria", GROUP, "a@b@c"])
def test_a_contact_that_is_nobody_means_nothing(jid: str):
    assert read("contact", jid, contactAction={"fullName": "Maria"}) is None


@pytest.mark.parametrize("on", [True, False])
def test_archived(on: bool):
    assert read("archive", GROUP, archiveChatAction={"archived": on}) == Archived(subject=GROUP, at=AT, is_archived=on)


def test_pinned_when_the_entry_was_made():
    assert read("pin_v1", PN, pinAction={"pinned": True}) == Pinned(subject=PN, at=AT, pinned_at=AT)
    assert read("pin_v1", PN, pinAction={"pinned": False}) == Pinned(subject=PN, at=AT, pinned_at=None)


@pytest.mark.parametrize(
    ("action", "until"),
    [
        ({"muted": True, "muteEndTimestamp": MS}, AT),
        ({"muted": True, "muteEndTimestamp": "-1"}, FOREVER),
        ({"muted": True}, FOREVER),
        ({"muted": False, "muteEndTimestamp": "0"}, None),
        ({}, None),
    ],
)
def test_muted(action: dict, until: datetime | None):
    assert read("mute", GROUP, muteAction=action) == Muted(subject=GROUP, at=AT, until=until)


def test_read_up_to_the_last_message_that_was_seen():
    action = {"read": True, "messageRange": {"lastMessageTimestamp": str(int(AT.timestamp()) - 60)}}
    read_until = datetime.fromtimestamp(AT.timestamp() - 60, UTC)
    assert read("markChatAsRead", PN, markChatAsReadAction=action) == Marked(subject=PN, at=AT, read_until=read_until)


def test_read_without_a_range_means_until_now_and_unread_means_marked():
    assert read("markChatAsRead", PN, markChatAsReadAction={"read": True}) == Marked(subject=PN, at=AT, read_until=AT)
    assert read("markChatAsRead", PN, markChatAsReadAction={"read": False}) == Marked(
        subject=PN, at=AT, read_until=None
    )


def test_the_owners_name():
    assert read("setting_pushName", pushNameSetting={"name": "Loja"}) == OwnName(name="Loja")
    assert read("setting_pushName", pushNameSetting={}) is None


@pytest.mark.parametrize(
    "index", [(), ("star", PN, "3A", "1", "0"), ("label_edit", "1"), ("contact",), ("contact", PN, "more"), ("",)]
)
def test_others_are_only_kept(index: tuple[str, ...]):
    assert read(*index, contactAction={"fullName": "Maria"}) is None


@pytest.mark.parametrize("odd", [None, 7, "text", [], {"muted": "yes"}])
@pytest.mark.parametrize("at", ["", "soon", "99999999999999999999", "-5"])
def test_odd_values_never_raise(odd: Any, at: str):
    fields = ("contactAction", "archiveChatAction", "pinAction", "muteAction", "markChatAsReadAction")
    value = {"timestamp": at} | dict.fromkeys(fields, odd)
    for kind in ("contact", "archive", "pin_v1", "mute", "markChatAsRead", "setting_pushName"):
        meaning_of((kind, PN), value)
        meaning_of((kind,), value)


def test_a_device_or_another_spelling_is_the_same_subject():
    archived = read("archive", "5511988887777:3@c.us", archiveChatAction={"archived": True})
    assert isinstance(archived, Archived)
    assert archived.subject == PN


def test_of_two_entries_about_one_person_the_later_counts():
    older = read("contact", PN, at="1000", contactAction={"fullName": "Maria"})
    newer = read("contact", LID, at="2000", contactAction={"fullName": "Maria Silva"})
    assert older is not None
    assert newer is not None
    assert card_of([older, newer]) == card_of([newer, older]) == newer


def test_flags_are_told_by_kind():
    told = [read("archive", PN, archiveChatAction={"archived": True}), read("pin_v1", PN, pinAction={"pinned": True})]
    flags = flags_of(one for one in told if one)
    assert (flags.archived, flags.pinned, flags.muted, flags.marked) == (told[0], told[1], None, None)
    assert flags_of([]).is_silent
