"""People beyond their messages: pictures, presence, typing, what was read, and what others were told."""

from __future__ import annotations

import aiohttp
import pytest

from recado_simulator import Network, NetworkOptions
from recado_simulator.content import text_message
from recado_simulator.jid import NETWORK, Jid
from recado_simulator.node import Node
from tests.simulator.client import Client
from tests.simulator.test_messages import send

JPEG = b"\xff\xd8 a picture \xff\xd9"


async def available(client: Client) -> None:
    """The client says that it is there, and the network has heard it."""
    await client.send(Node("presence", {"type": "available", "name": "Loja"}))
    await client.ask("w:p")


async def watch(client: Client, jid: Jid) -> None:
    await client.send(Node("presence", {"type": "subscribe", "to": jid}))


async def picture(client: Client, jid: Jid, **asked: str) -> Node:
    asked = {"query": "url", "type": "image", **asked}
    attrs = {"to": NETWORK, "target": jid, "id": "p1", "type": "get", "xmlns": "w:profile:picture"}
    await client.send(Node("iq", attrs, [Node("picture", asked)]))
    return await client.next("iq")


class TestPictures:
    async def test_its_bytes_lie_under_its_direct_path(self, network, client, maria):
        id = network.set_picture(maria, JPEG, preview=b"small")
        shown = [
            (await picture(client, maria.account.lid_jid, type=type)).first("picture") for type in ("image", "preview")
        ]

        assert [(one.text("id"), one.text("type")) for one in shown] == [(id, "image"), (id, "preview")]
        async with aiohttp.ClientSession() as http:
            for one, content in zip(shown, (JPEG, b"small"), strict=True):
                async with http.get(f"http://{network.host}{one.text('direct_path')}&hash=x") as answer:
                    assert await answer.read() == content

    async def test_the_known_one_is_304(self, network, client, maria):
        id = network.set_picture(maria, JPEG)

        shown = await picture(client, maria.account.phone_jid, id=id)
        assert shown.first("picture").text("status") == "304"

    async def test_none_is_404_and_a_hidden_one_401(self, network, client, maria):
        none = await picture(client, maria.account.lid_jid)
        network.set_picture(maria, JPEG)
        network.hide_picture(maria)
        hidden = await picture(client, maria.account.lid_jid)

        assert [answer.first("error").text("code") for answer in (none, hidden)] == ["404", "401"]

    async def test_its_owner_sees_a_hidden_one(self, network, client, phone):
        network.set_picture(phone, JPEG)
        network.hide_picture(phone)

        assert (await picture(client, phone.account.lid_jid)).first("picture").text("id")

    async def test_a_change_is_told_until_it_is_acknowledged(self, network, client, maria):
        id = network.set_picture(maria, JPEG)
        told = await client.next("notification")
        await client.close()
        await client.login()

        again = await client.next("notification")
        assert (told.text("id"), told.first("set").text("id")) == (again.text("id"), id)
        assert told.first("set").jid("jid") == maria.account.lid_jid

    async def test_a_groups_picture_is_told_to_its_members_alone(self, network, client, maria):
        network.set_picture(network.add_group("Sem nós", [maria]), JPEG)
        await client.ask("w:p")

        assert client.nodes.empty()

    async def test_two_pictures_in_one_second_have_two_ids(self, network, maria):
        assert network.set_picture(maria, JPEG) != network.set_picture(maria, JPEG)

    async def test_it_is_kept_through_a_restart(self, tmp_path):
        options = NetworkOptions(seed=7, state_dir=tmp_path)
        async with Network(options) as network:
            maria = network.add_contact("5511988887777")
            network.set_picture(maria, JPEG)
            network.hide_picture(maria)
            held = network.pictures.of(maria.account)

        again = Network(options)
        assert again.pictures.of(again.account("5511988887777")) == held


class TestPresence:
    async def test_who_watches_is_told_at_once_and_of_each_change(self, client, maria):
        await available(client)
        await maria.set_presence(available=True)
        await watch(client, maria.account.lid_jid)
        told = [await client.next("presence")]
        assert await maria.set_presence(available=False, last_seen=1_700_000_000) == 1
        told.append(await client.next("presence"))

        assert {one.jid("from") for one in told} == {maria.account.lid_jid}
        assert [(one.text("type"), one.text("last")) for one in told] == [("", ""), ("unavailable", "1700000000")]

    async def test_it_is_told_under_the_address_that_was_asked_for(self, client, maria):
        await available(client)
        await watch(client, maria.account.phone_jid)

        assert (await client.next("presence")).jid("from") == maria.account.phone_jid

    async def test_who_is_not_there_itself_is_told_once_it_is(self, client, maria):
        await watch(client, maria.account.lid_jid)
        await client.ask("w:p")
        assert await maria.set_presence(available=True) == 0
        await available(client)

        assert client.nodes.empty()
        await client.send(Node("presence", {"type": "available"}))
        assert (await client.next("presence")).text("type") == ""

    async def test_contacts_see_the_device_come_and_go(self, client, phone, maria):
        await available(client)
        before = maria.sees.presence(phone)
        await client.close()

        await maria.sees.wait(lambda sees: sees.presence(phone) == "unavailable")
        assert before == "available"

    async def test_after_a_new_connection_it_has_to_be_asked_for_again(self, client, maria):
        await available(client)
        await watch(client, maria.account.lid_jid)
        await client.next("presence")
        await client.close()
        await client.login()
        await available(client)

        assert await maria.set_presence(available=True) == 0


class TestTyping:
    @pytest.mark.parametrize(
        ("state", "tag", "media"),
        [("composing", "composing", ""), ("recording", "composing", "audio"), ("paused", "paused", "")],
    )
    async def test_both_ways(self, client, phone, maria, state, tag, media):
        await available(client)
        await maria.type(phone, state)
        told = await client.next("chatstate")
        await client.send(Node("chatstate", {"to": maria.account.lid_jid}, told.children))

        assert (told.jid("from"), told.first(tag).text("media")) == (maria.account.lid_jid, media)
        await maria.sees.wait(lambda sees: sees.typing(phone) == state)

    async def test_only_a_device_that_is_there_is_told(self, client, phone, maria):
        assert await maria.type(phone, "composing") == 0

    async def test_an_unknown_state_is_refused(self, phone, maria):
        with pytest.raises(ValueError, match="composing"):
            await maria.type(phone, "dancing")

    async def test_nobody_hears_who_types_to_nobody(self, client, maria):
        await client.send(Node("chatstate", {"to": Jid("1", "lid")}, [Node("composing")]))
        await client.send(Node("chatstate", {"to": Jid("1", "g.us")}, [Node("composing")]))
        await client.ask("w:p")

        assert len(maria.sees) == 0


class TestReading:
    async def test_the_owners_reading_is_told_to_their_devices(self, client, phone, maria):
        ids = [await maria.send_text(phone, text) for text in ("um", "dois")]
        await phone.read(maria)

        receipt = await client.next("receipt")
        assert (receipt.jid("from"), receipt.jid("recipient"), receipt.text("type")) == (
            phone.account.lid_jid, maria.account.lid_jid, "read",
        )  # fmt: skip
        assert [receipt.text("id"), receipt.first("list", "item").text("id")] == ids

    async def test_who_hides_what_they_read_tells_only_their_own(self, client, phone, maria):
        phone.shows_reads = False
        await maria.send_text(phone, "um")
        await phone.read(maria)

        assert (await client.next("receipt")).text("type") == "read-self"
        assert maria.sees.receipts(phone) == []

    @pytest.mark.parametrize(("shows_reads", "value"), [(True, "all"), (False, "none")])
    async def test_the_privacy_settings_say_so(self, client, phone, shows_reads, value):
        phone.shows_reads = shows_reads
        listed = (await client.ask("privacy", Node("privacy"))).first("privacy")

        assert {one.text("name"): one.text("value") for one in listed.children}["readreceipts"] == value

    async def test_a_second_device_hears_what_the_first_has_read(self, network, client, phone, maria):
        second = Client(network, "second")
        await second.pair(phone)
        await second.login()
        id = await maria.send_text(phone, "um")
        await client.receipt(await client.next("message"), "read")

        receipt = await second.next("receipt")
        assert (receipt.text("id"), receipt.jid("recipient")) == (id, maria.account.lid_jid)
        assert phone.inbox.find(maria.phone, id).is_read
        await second.close()

    async def test_what_was_read_on_a_device_is_seen_by_who_wrote(self, client, phone, maria):
        id = await maria.send_text(phone, "um")
        await client.receipt(await client.next("message"), "read")

        await maria.sees.wait(lambda sees: sees.receipts(phone, "read"))
        assert [one.ids for one in maria.sees.receipts(phone, "read")] == [(id,)]

    async def test_reading_a_person_leaves_the_group_unread(self, network, phone, maria):
        group = network.add_group("Equipe", [phone, maria])
        in_group, alone = await maria.send_text(group, "a todos"), await maria.send_text(phone, "a você")

        assert await phone.read(maria) == [alone]
        assert await phone.read(group) == [in_group]

    async def test_between_phones_the_reader_is_named(self, network, client, phone):
        other = network.add_phone("5511999990002")
        await phone.send_text(other, "um")
        await client.next("message")
        await other.read(phone)

        receipt = await client.next("receipt")
        assert (receipt.jid("from"), receipt.text("type")) == (other.account.lid_jid, "read")


async def test_a_new_name_is_on_the_next_message(client, phone, maria):
    await maria.rename("Maria S.")
    await maria.send_text(phone, "um")

    assert (await client.next("message")).text("notify") == "Maria S."


async def test_a_witness_says_what_it_has_seen_when_it_waits_in_vain(maria):
    with pytest.raises(TimeoutError, match="never seen"):
        await maria.sees.wait(lambda sees: sees.presence("1"), timeout=0)


async def test_receipts_are_seen_by_type(client, phone, maria):
    await send(client, maria, text_message("Oi"))
    id = await maria.send_text(phone, "um")
    message = await client.next("message")
    await client.receipt(message)

    await maria.sees.wait(lambda sees: sees.receipts(phone, "delivery"))
    assert [one.ids for one in maria.sees.receipts(phone)] == [(id,)]
