"""Notices of names, pictures and groups change the rows, and are told by what they change."""

from __future__ import annotations

from typing import Any

import pytest

from recado.domain.jid import Identity
from recado.store.database import Database
from tests.stillclock import START, StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, LID, PHONE_JID, House

OWN_LID, OWN_PHONE = "1@lid", "5511999990001"
JOAO = Identity(phone="5511977776666", lid="2@lid")
AT = START.isoformat()
MEMBERS = """
SELECT coalesce(c.lid, c.phone_number), g.role
FROM whatsapp_group_members g JOIN whatsapp_contacts c ON c.id = g.contact_id ORDER BY 1
"""
GROUPS = "SELECT name, description, is_announce, is_locked, ephemeral_seconds, left_at FROM whatsapp_chats"


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    house = await House(db, clock).open()
    await house.rows("UPDATE whatsapp_instances SET phone_number = %s, lid = %s RETURNING id", OWN_PHONE, OWN_LID)
    return house


def member(who: Identity, **roles: bool) -> dict[str, Any]:
    phone = f"{who.phone}@s.whatsapp.net" if who.phone else ""
    return {"JID": who.lid or phone, "PhoneNumber": phone, "LID": who.lid or ""} | roles


async def enter(house: House, *people: Identity, **fields: Any) -> None:
    """The network tells that this number is in a group, with these people."""
    own = Identity(phone=OWN_PHONE, lid=OWN_LID)
    everybody = [member(own), *(member(one) for one in people)]
    value = {"JID": GROUP, "Name": "Equipe", "Participants": everybody, "Sender": LID, "SenderPN": PHONE_JID}
    await house.hear(house.notice("JoinedGroup", value | fields))


async def change(house: House, **fields: Any) -> None:
    value = {"JID": GROUP, "Timestamp": AT, "Sender": LID, "SenderPN": PHONE_JID}
    await house.hear(house.notice("GroupInfo", value | fields))


async def test_a_new_push_name_is_the_contacts_and_told(house: House):
    await house.hear(house.text(who=BY_BOTH, push_name="Maria"))
    value = {"JID": LID, "JIDAlt": PHONE_JID, "OldPushName": "Maria", "NewPushName": "Maria S."}
    await house.hear(house.notice("PushName", value))
    assert await house.value("SELECT push_name FROM whatsapp_contacts") == "Maria S."
    [event] = await house.events("contact.updated")
    assert (event.data["contact"]["name"], event.data["changed"]) == ("Maria S.", ["push_name"])


async def test_the_message_that_brought_the_name_may_come_first(house: House):
    await house.hear(house.text(who=BY_BOTH, push_name="Maria"))
    await house.hear(house.text(who=BY_BOTH, push_name="Maria S."))
    value = {"JID": LID, "OldPushName": "Maria", "NewPushName": "Maria S."}
    await house.hear(house.notice("PushName", value))
    assert len(await house.events("contact.updated")) == 1


async def test_the_first_name_of_somebody_new_is_no_change(house: House):
    await house.hear(house.notice("PushName", {"JID": LID, "OldPushName": "", "NewPushName": "Maria"}))
    assert await house.told() == []
    assert await house.value("SELECT push_name FROM whatsapp_contacts") == "Maria"


async def test_a_business_name(house: House):
    await house.hear(house.text(who=BY_PHONE))
    await house.hear(house.notice("BusinessName", {"JID": PHONE_JID, "NewBusinessName": "Padaria"}))
    assert await house.value("SELECT business_name FROM whatsapp_contacts") == "Padaria"
    assert [event.data["changed"] for event in await house.events("contact.updated")] == [["business_name"]]


async def test_a_changed_picture_is_noted_and_what_is_kept_is_stale(house: House):
    await house.hear(house.text(who=BY_BOTH))
    contact = await house.value("SELECT id FROM whatsapp_contacts")
    keep = "INSERT INTO recado.pictures VALUES (%s, %s, '1', 'image/jpeg', 'x', NULL, now()) RETURNING subject"
    await house.rows(keep, contact, house.id)
    await house.hear(house.notice("Picture", {"JID": PHONE_JID, "PictureID": "2"}))
    assert await house.value("SELECT picture_id FROM whatsapp_contacts") == "2"
    assert await house.value("SELECT fetched_at = 'epoch' FROM recado.pictures")
    assert [event.data["changed"] for event in await house.events("contact.updated")] == [["picture"]]


async def test_a_picture_of_nobody_that_is_known_is_nothing(house: House):
    await house.hear(house.notice("Picture", {"JID": PHONE_JID, "PictureID": "2"}))
    assert await house.told() == []


async def test_a_group_that_was_entered_is_a_chat_with_its_members(house: House):
    await enter(house, BY_BOTH, JOAO, OwnerJID=LID, OwnerPN=PHONE_JID, Topic="Avisos", IsAnnounce=True)
    assert await house.rows(GROUPS) == [("Equipe", "Avisos", True, False, 0, None)]
    assert [who for who, _ in await house.rows(MEMBERS)] == sorted([OWN_LID, LID, "2@lid"])
    [event] = await house.events()
    assert (event.type, event.data["chat"]["name"]) == ("group.joined", "Equipe")
    assert event.data["by"]["lid"] == LID
    owner = "SELECT c.lid FROM whatsapp_chats h JOIN whatsapp_contacts c ON c.id = h.owner_id"
    assert await house.value(owner) == LID


@pytest.mark.parametrize(
    ("notice", "changed", "row"),
    [
        ({"Name": {"Name": "Loja"}}, {"subject": "Loja"}, ("Loja", None, False, False, 0, None)),
        ({"Topic": {"Topic": "Avisos"}}, {"description": "Avisos"}, ("Equipe", "Avisos", False, False, 0, None)),
        ({"Announce": {"IsAnnounce": True}}, {"is_announce": True}, ("Equipe", None, True, False, 0, None)),
        ({"Locked": {"IsLocked": True}}, {"is_locked": True}, ("Equipe", None, False, True, 0, None)),
        (
            {"Ephemeral": {"IsEphemeral": True, "DisappearingTimer": 86400}},
            {"ephemeral_seconds": 86400},
            ("Equipe", None, False, False, 86400, None),
        ),
    ],
)
async def test_a_setting_is_changed_and_told_once(house: House, notice: dict, changed: dict, row: tuple):
    await enter(house, BY_BOTH)
    await change(house, **notice)
    await change(house, **notice)
    assert await house.rows(GROUPS) == [row]
    [event] = await house.events("group.updated")
    assert (event.data["changed"], event.data["by"]["phone_number"]) == (changed, BY_BOTH.phone)


async def test_people_join_are_promoted_demoted_and_leave(house: House):
    await enter(house, BY_BOTH)
    await change(house, Join=["2@lid"])
    await change(house, Promote=["2@lid"])
    assert dict(await house.rows(MEMBERS))["2@lid"] == "admin"
    await change(house, Demote=["2@lid"])
    assert dict(await house.rows(MEMBERS))["2@lid"] == "member"
    await change(house, Leave=["2@lid"])
    assert "2@lid" not in dict(await house.rows(MEMBERS))
    told = [event.data["action"] for event in await house.events("group.members")]
    assert told == ["joined", "promoted", "demoted", "left"]


async def test_all_of_it_in_one_batch_comes_to_the_same(house: House):
    await enter(house, BY_BOTH)
    steps = [{"Join": ["2@lid"]}, {"Name": {"Name": "A"}}, {"Promote": ["2@lid"]}, {"Name": {"Name": "B"}}]
    await house.hear(*(house.notice("GroupInfo", {"JID": GROUP, "Timestamp": AT} | step) for step in steps))
    assert dict(await house.rows(MEMBERS))["2@lid"] == "admin"
    assert await house.value("SELECT name FROM whatsapp_chats") == "B"
    told = [event.type for event in await house.events()][1:]
    assert told == ["group.members", "group.updated", "group.members", "group.updated"]


async def test_own_removal_is_a_time_and_an_event(house: House):
    await enter(house, BY_BOTH)
    await change(house, Leave=[OWN_LID])
    assert await house.value("SELECT left_at FROM whatsapp_chats") == START
    assert (await house.told())[-1] == "group.left"
    assert await house.value("SELECT count(*) FROM whatsapp_group_members") == 1


async def test_a_removal_by_number_is_ours_too(house: House):
    await enter(house, BY_BOTH)
    await change(house, Leave=[f"{OWN_PHONE}@s.whatsapp.net"])
    assert await house.value("SELECT left_at FROM whatsapp_chats") == START


async def test_who_comes_back_has_not_left(house: House):
    await enter(house, BY_BOTH)
    await change(house, Leave=[OWN_LID])
    await enter(house, BY_BOTH)
    assert await house.value("SELECT left_at FROM whatsapp_chats") is None
    assert await house.told() == ["group.joined", "group.left", "group.joined"]


async def test_a_deleted_group_is_left(house: House):
    await enter(house, BY_BOTH)
    await change(house, Delete={"Deleted": True})
    assert (await house.told())[-1] == "group.left"


async def test_a_change_of_a_group_that_was_never_seen(house: House):
    await change(house, Leave=["2@lid"])
    assert await house.rows("SELECT jid, name FROM whatsapp_chats") == [(GROUP, None)]
    [event] = await house.events()
    assert (event.type, event.data["action"]) == ("group.members", "left")


async def test_what_cannot_be_read_is_passed_on(house: House):
    await house.hear(house.notice("GroupInfo", {"JID": 7}), house.notice("CallOffer", {"CallID": "1"}))
    assert [event.data["name"] for event in await house.events("engine.notice")] == ["GroupInfo", "CallOffer"]


async def test_who_is_united_is_in_the_group_once_with_the_higher_role(house: House):
    await enter(house, BY_LID, BY_PHONE)
    await change(house, Promote=[LID])
    await house.hear(house.text(who=BY_BOTH))
    assert dict(await house.rows(MEMBERS)) == {OWN_LID: "member", LID: "admin"}


async def test_the_senders_of_a_group_have_their_names(house: House):
    await enter(house, BY_BOTH, JOAO)
    await house.hear(house.text("Oi", who=JOAO, chat=GROUP, push_name="João"))
    [event] = await house.events("message.received")
    assert (event.data["chat"]["name"], event.data["sender"]["name"]) == ("Equipe", "João")


async def test_reading_on_another_device_is_told(house: House):
    text = house.text(who=BY_BOTH)
    await house.hear(text)
    await house.hear(house.receipt(text.wa_id, type="read-self", who=BY_BOTH, is_from_me=True))
    [event] = await house.events("chat.updated")
    assert event.data["unread_count"] == 0
