"""Who is found under which number, LID and query."""

from __future__ import annotations

import pytest

from recado_simulator.directory import other_spelling
from recado_simulator.jid import Jid
from recado_simulator.node import Node


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("5511988887777", "551188887777"),
        ("551188887777", "5511988887777"),
        ("551133334444", "551133334444"),
        ("5511833334444", "5511833334444"),
        ("14155550100", "14155550100"),
    ],
)
def test_brazilian_mobiles_have_two_spellings(written, other):
    assert other_spelling(written) == other


async def usync(client, protocols: list[Node], user: Node) -> Node | None:
    query = Node("usync", {"sid": "1", "mode": "query"}, [Node("query", {}, protocols), Node("list", {}, [user])])
    answer = await client.ask("usync", query)
    return answer.first("usync", "list", "user")


def number(text: str) -> Node:
    return Node("user", {}, [Node("contact", {}, f"{text}@c.us".encode())])


BY_LID = Node("contact", {"addressing_mode": "lid"})


async def test_a_number_is_answered_with_lid_number_and_the_query_itself(client, maria):
    user = await usync(client, [BY_LID], number("+5511988887777"))

    assert (user.jid("jid"), user.jid("pn_jid")) == (maria.account.lid_jid, maria.account.phone_jid)
    assert (user.first("contact").text("type"), user.first("contact").data) == ("in", b"+5511988887777@c.us")


async def test_an_account_without_the_ninth_digit_is_found_by_the_number_with_it(client, network):
    network.add_contact("551177776666")

    user = await usync(client, [BY_LID], number("+5511977776666"))

    assert user.jid("pn_jid") == Jid("551177776666", "s.whatsapp.net")
    assert user.first("contact").data == b"+5511977776666@c.us"


async def test_a_number_that_nobody_has_is_out(client):
    user = await usync(client, [BY_LID], number("+5511900000000"))

    assert user.first("contact").text("type") == "out"
    assert "jid" not in user.attrs


async def test_a_jid_is_answered_with_its_lid_and_devices(client, phone):
    asked = Node("user", {"jid": phone.account.phone_jid})

    user = await usync(client, [Node("devices", {"version": "2"}), Node("lid")], asked)

    assert user.first("lid").jid("val") == phone.account.lid_jid
    assert [device.text("id") for device in user.first("devices", "device-list").children] == ["0", "1"]
    assert user.first("devices", "key-index-list") is not None


async def test_a_jid_that_nobody_has_is_not_in_the_answer(client):
    assert await usync(client, [Node("lid")], Node("user", {"jid": Jid("5511900000000", "s.whatsapp.net")})) is None


def test_a_number_cannot_be_phone_and_contact(network, phone):
    with pytest.raises(ValueError, match="is a phone"):
        network.add_contact(phone.phone)


def test_adding_a_phone_again_gives_the_same_one(network, phone):
    assert network.add_phone(phone.phone) is phone


def test_a_lid_belongs_to_one_account(network, maria):
    with pytest.raises(ValueError, match="taken"):
        network.add_contact("5511977776666", lid=maria.lid)


def test_what_is_no_number_cannot_be_added(network):
    with pytest.raises(ValueError, match="is not a number"):
        network.add_phone("+55 11 9")


async def test_a_message_for_nobody_is_an_error(maria):
    with pytest.raises(LookupError, match="nobody has the number 5511900000000"):
        await maria.send_text("5511900000000", "Olá!")
