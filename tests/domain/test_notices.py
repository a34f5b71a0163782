"""What the library's JSON of a notice says of people and groups."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from recado.domain.engine import Notice
from recado.domain.jid import Identity
from recado.domain.notices import GroupChanged, GroupEntered, PictureChanged, Renamed, Told, read_notice
from recado.domain.sync import GroupMember

PN, LID, GROUP = "5511988887777@s.whatsapp.net", "100200300@lid", "1203@g.us"
MARIA = Identity(phone="5511988887777", lid=LID)
AT = "2026-03-14T15:09:26.123456789Z"


def read(name: str, value: Any) -> Told | None:
    return read_notice(Notice(session="s", name=name, value=value))


def group(**changes: Any) -> GroupChanged:
    told = read("GroupInfo", {"JID": GROUP, "Timestamp": AT, "Sender": LID, "SenderPN": PN} | changes)
    assert isinstance(told, GroupChanged)
    return told


def test_a_push_name_with_both_names_of_the_person():
    value = {"JID": LID, "JIDAlt": PN, "OldPushName": "Maria", "NewPushName": "Maria S.", "Message": {"ID": "3A"}}
    assert read("PushName", value) == Renamed(identity=MARIA, push_name="Maria S.", was="Maria")


def test_a_business_name():
    value = {"JID": PN, "OldBusinessName": "", "NewBusinessName": "Padaria"}
    assert read("BusinessName", value) == Renamed(identity=Identity(phone=MARIA.phone), business_name="Padaria")


def test_a_picture_that_was_set_and_one_that_was_removed():
    set_ = read("Picture", {"JID": GROUP, "Author": LID, "PictureID": "77", "Remove": False, "Timestamp": AT})
    assert set_ == PictureChanged(jid=GROUP, identity=Identity(), picture_id="77", by=Identity(lid=LID))
    gone = read("Picture", {"JID": PN, "Author": "", "PictureID": "", "Remove": True})
    assert isinstance(gone, PictureChanged)
    assert (gone.picture_id, gone.identity) == (None, Identity(phone=MARIA.phone))


@pytest.mark.parametrize(
    ("change", "read_as"),
    [
        ({"Name": {"Name": "Equipe"}}, {"subject": "Equipe"}),
        ({"Topic": {"Topic": "Avisos"}}, {"description": "Avisos"}),
        ({"Topic": {"Topic": "", "TopicDeleted": True}}, {"description": None}),
        ({"Announce": {"IsAnnounce": True}}, {"is_announce": True}),
        ({"Announce": {"IsAnnounce": False}}, {"is_announce": False}),
        ({"Locked": {"IsLocked": True}}, {"is_locked": True}),
        ({"Ephemeral": {"IsEphemeral": True, "DisappearingTimer": 86400}}, {"ephemeral_seconds": 86400}),
        ({"Ephemeral": {"IsEphemeral": True, "DisappearingTimer": 4294967295}}, {"ephemeral_seconds": 2147483647}),
        ({"Ephemeral": {"IsEphemeral": False}}, {"ephemeral_seconds": 0}),
    ],
)
def test_a_setting_of_a_group(change: dict, read_as: dict):
    told = group(**change)
    assert (told.changed, told.by, told.is_told) == (read_as, MARIA, True)
    assert told.at == datetime(2026, 3, 14, 15, 9, 26, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "action"), [("Join", "joined"), ("Leave", "left"), ("Promote", "promoted"), ("Demote", "demoted")]
)
def test_what_happened_to_whom(name: str, action: str):
    told = group(**{name: [PN]})
    assert told.crowds == ((action, (Identity(phone=MARIA.phone),)),)
    assert told.is_told


def test_who_joins_under_a_lid_alone_has_to_be_asked_for():
    assert not group(Join=[LID]).is_told
    assert group(Leave=[LID]).is_told


def test_what_has_no_words_has_to_be_asked_for():
    assert not group(UnknownChanges=[{"Tag": "growth_locked"}]).is_told
    assert not group(Name={"Name": "Equipe"}, UnknownChanges=[{"Tag": "growth_locked"}]).is_told
    assert not group(Link={"Type": "parent_group"}).is_told
    assert not group().is_told


def test_a_deleted_group():
    told = group(Delete={"Deleted": True, "DeleteReason": ""})
    assert (told.is_deleted, told.is_told) == (True, True)


def test_a_group_that_was_entered_comes_whole():
    told = read(
        "JoinedGroup",
        {
            "JID": GROUP,
            "Type": "new",
            "Sender": LID,
            "SenderPN": PN,
            "OwnerJID": LID,
            "OwnerPN": PN,
            "Name": "Equipe",
            "Topic": "",
            "IsAnnounce": True,
            "IsEphemeral": False,
            "GroupCreated": AT,
            "Participants": [
                {"JID": LID, "PhoneNumber": PN, "LID": LID, "IsAdmin": True, "IsSuperAdmin": True},
                {"JID": "2@lid", "PhoneNumber": "", "LID": "2@lid", "IsAdmin": False, "IsSuperAdmin": False},
                {"JID": "", "PhoneNumber": "", "LID": ""},
            ],
        },
    )
    assert isinstance(told, GroupEntered)
    entered = told.group
    assert (entered.jid, entered.subject, entered.description, entered.owner) == (GROUP, "Equipe", None, MARIA)
    assert (entered.is_announce, entered.is_locked, entered.ephemeral_s) == (True, False, 0)
    assert entered.members == (
        GroupMember(identity=MARIA, role="superadmin"),
        GroupMember(identity=Identity(lid="2@lid"), role="member"),
    )


@pytest.mark.parametrize("name", ["PushName", "BusinessName", "Picture", "GroupInfo", "JoinedGroup", "CallOffer"])
@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "text",
        [],
        {},
        {"JID": None},
        {"JID": 7, "NewPushName": "x"},
        {"JID": "nobody"},
        {"JID": GROUP, "Join": 7},
        {"JID": GROUP, "Join": [None, 7]},
        {"JID": GROUP, "Participants": [None]},
        {"JID": GROUP, "Ephemeral": {"IsEphemeral": True, "DisappearingTimer": "x"}},
        {"JID": GROUP, "Timestamp": "yesterday"},
    ],
)
def test_odd_values_never_raise(name: str, value: Any):
    read(name, value)
