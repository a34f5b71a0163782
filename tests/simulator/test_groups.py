"""Groups: who is in them, how changes are told, and what is written there."""

from __future__ import annotations

import json

import pytest

from recado_simulator import Contact, Group, Network, NetworkOptions
from recado_simulator.content import text_message, text_of
from recado_simulator.jid import Jid
from recado_simulator.node import Node
from tests.simulator import membership
from tests.simulator.client import Client


@pytest.fixture
def joao(network) -> Contact:
    return network.add_contact("5511977776666", name="João")


@pytest.fixture
def ana(network) -> Contact:
    return network.add_contact("5511966665555", name="Ana")


@pytest.fixture
async def group(network, client, phone, maria, joao) -> Group:
    """A group with the client's phone, whose making the client has heard of."""
    group = network.add_group("Equipe", [phone, maria, joao], admins=[maria])
    await client.ack(await client.next("notification"))
    return group


async def answer(client: Client, to: Jid, child: Node, type: str = "get") -> Node:
    attrs = {"to": to, "id": f"g{child.tag}", "type": type, "xmlns": "w:g2"}
    await client.send(Node("iq", attrs, [child]))
    return await client.next("iq")


async def query(client: Client, jid: Jid) -> Node:
    return await answer(client, jid, Node("query", {"request": "interactive"}))


class TestAsking:
    async def test_an_account_gets_the_groups_that_it_is_in(self, network, client, group, maria):
        network.add_group("Sem nós", [maria])

        listed = await answer(client, membership.GROUPS, Node("participating"))
        assert [one.text("subject") for one in listed.first("groups").children] == ["Equipe"]

    async def test_a_group_shows_its_members_with_both_addresses_and_their_roles(self, client, group, phone, maria):
        shown = (await query(client, group.jid)).first("group")
        members = [(p.jid("jid"), p.jid("phone_number"), p.text("type")) for p in shown.all("participant")]
        assert members[:2] == [
            (phone.account.lid_jid, phone.account.phone_jid, ""),
            (maria.account.lid_jid, maria.account.phone_jid, "superadmin"),
        ]
        assert (shown.text("id"), shown.text("addressing_mode"), shown.text("size")) == (group.jid.user, "lid", "3")

    async def test_a_group_by_phone_number_shows_its_members_so(self, network, client, phone, maria):
        group = network.add_group("Antigo", [phone, maria], address="pn")

        member = (await query(client, group.jid)).first("group", "participant")
        assert (member.jid("jid"), member.jid("lid")) == (phone.account.phone_jid, phone.account.lid_jid)

    async def test_a_group_shows_its_settings(self, client, group):
        await group.set_description("sobre nós")
        await group.set_announce()
        await group.set_locked()
        await group.set_ephemeral(86_400)

        shown = (await query(client, group.jid)).first("group")
        assert shown.first("description", "body").data == "sobre nós".encode()
        assert shown.first("ephemeral").text("expiration") == "86400"
        assert shown.first("announcement")
        assert shown.first("locked")

    async def test_a_group_that_nobody_has_is_404(self, client, group):
        assert (await query(client, Jid("1203630", "g.us"))).first("error").text("code") == "404"

    async def test_a_group_that_the_account_is_not_in_is_403(self, network, client, maria):
        others = network.add_group("Sem nós", [maria])

        assert (await query(client, others.jid)).first("error").text("code") == "403"

    async def test_a_device_can_leave(self, client, group, phone):
        left = await answer(client, membership.GROUPS, Node("leave", {}, [Node("group", {"id": group.jid})]), "set")

        assert left.first("leave", "group").jid("id") == group.jid
        told = await client.next("notification")
        assert told.first("remove", "participant").jid("jid") == phone.account.lid_jid
        assert phone.phone not in group.members


class TestChanges:
    async def test_a_new_group_is_told_to_its_members_devices(self, network, client, phone, maria):
        group = network.add_group("Equipe", [phone, maria], admins=[maria])

        told = await client.next("notification")
        assert (told.text("type"), told.jid("from"), told.jid("participant")) == (
            "w:gp2", group.jid, maria.account.lid_jid,
        )  # fmt: skip
        assert told.first("create", "group").text("subject") == "Equipe"

    @pytest.mark.parametrize(
        ("change", "tag"),
        [
            (lambda group, ana: group.add(ana), "add"),
            (lambda group, ana: group.set_subject("Time"), "subject"),
            (lambda group, ana: group.set_description("sobre"), "description"),
            (lambda group, ana: group.set_announce(), "announcement"),
            (lambda group, ana: group.set_announce(False), "not_announcement"),
            (lambda group, ana: group.set_locked(), "locked"),
            (lambda group, ana: group.set_locked(False), "unlocked"),
            (lambda group, ana: group.set_ephemeral(60), "ephemeral"),
            (lambda group, ana: group.set_ephemeral(0), "not_ephemeral"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    async def test_a_change_is_told(self, client, group, ana, change, tag):
        await change(group, ana)

        assert [child.tag for child in (await client.next("notification")).children] == [tag]

    @pytest.mark.parametrize(("name", "role"), [("promote", "admin"), ("demote", "")])
    async def test_a_role_is_told_and_kept(self, client, group, joao, name, role):
        await getattr(group, name)(joao)

        told = await client.next("notification")
        assert told.first(name, "participant").jid("jid") == joao.account.lid_jid
        assert group.members[joao.phone] == role

    async def test_who_is_added_gets_the_group(self, network, client, phone, maria):
        group = network.add_group("Equipe", [maria])
        await group.add(phone)

        told = await client.next("notification")
        assert told.first("create", "group").text("subject") == "Equipe"

    async def test_who_is_removed_is_told(self, client, group, phone):
        await group.remove(phone)

        told = await client.next("notification")
        assert told.first("remove", "participant").jid("jid") == phone.account.lid_jid

    async def test_who_has_left_hears_nothing_more(self, client, group, phone):
        await group.leave(phone)
        await client.next("notification")
        await group.set_subject("Time")
        await client.ask("w:p")

        assert client.nodes.empty()

    async def test_a_change_is_offered_again_until_it_is_acknowledged(self, client, group):
        await group.set_subject("Time")
        told = await client.next("notification")
        await client.close()
        await client.login()

        again = await client.next("notification")
        assert again.text("id") == told.text("id")
        await client.ack(again)
        await client.ask("w:p")
        await client.close()
        await client.login()
        await client.ask("w:p")
        assert "notification" not in [client.nodes.get_nowait().tag for _ in range(client.nodes.qsize())]

    @pytest.mark.parametrize("change", ["add", "remove", "promote", "demote"])
    async def test_only_admins_change_who_is_in(self, group, joao, maria, change):
        with pytest.raises(ValueError, match="no admin"):
            await getattr(group, change)(maria, by=joao)

    async def test_in_a_locked_group_only_admins_change_the_subject(self, group, joao):
        await group.set_locked()

        with pytest.raises(ValueError, match="no admin"):
            await group.set_subject("Time", by=joao)

    async def test_nobody_is_removed_twice(self, group, ana):
        with pytest.raises(ValueError, match="is not in"):
            await group.remove(ana)

    def test_a_group_needs_members(self, network):
        with pytest.raises(ValueError, match="members"):
            network.add_group("Ninguém", [])

    def test_an_id_is_used_once(self, network, maria):
        network.add_group("Um", [maria], id="120363@g.us")

        with pytest.raises(ValueError, match="already"):
            network.add_group("Dois", [maria], id="120363@g.us")


class TestMembersWrite:
    async def test_a_device_reads_what_members_write(self, client, group, maria, joao):
        await maria.send_text(group, "Olá")
        await joao.send_text(str(group), "Oi")

        messages = [await client.next("message") for _ in range(2)]
        assert [text_of(membership.read(client, message)) for message in messages] == ["Olá", "Oi"]
        assert {message.jid("from") for message in messages} == {group.jid}
        assert [message.jid("participant") for message in messages] == [maria.account.lid_jid, joao.account.lid_jid]

    async def test_the_key_is_handed_over_once(self, client, group, maria):
        for text in ("um", "dois"):
            await maria.send_text(group, text)

        kinds = [[enc.text("type") for enc in (await client.next("message")).all("enc")] for _ in range(2)]
        assert kinds == [["pkmsg", "skmsg"], ["skmsg"]]

    async def test_after_somebody_has_left_the_key_is_a_new_one(self, client, group, maria, joao):
        await maria.send_text(group, "um")
        await client.next("message")
        await group.remove(joao)
        await maria.send_text(group, "dois")

        assert [enc.text("type") for enc in (await client.next("message")).all("enc")] == ["pkmsg", "skmsg"]

    async def test_a_member_can_hide_its_number(self, client, group, maria):
        await maria.send(group, text_message("Olá"), alternative=False)

        assert "participant_pn" not in (await client.next("message")).attrs

    async def test_the_other_members_get_it_too(self, client, group, maria, joao):
        await maria.send_text(group, "Olá")

        [message] = joao.inbox
        assert (message.text, message.chat, message.account) == ("Olá", group.jid, maria.phone)

    async def test_one_id_of_one_member_may_come_in_a_group_and_alone(self, client, group, maria, joao):
        await maria.send_text(group, "a todos", id="SAME")
        await maria.send_text(joao, "a você", id="SAME")

        assert [message.text for message in joao.inbox] == ["a todos", "a você"]

    async def test_a_confirmation_is_of_one_members_message(self, network, client, group, phone, maria, joao):
        for member in (maria, joao):
            await member.send_text(group, "Oi", id="SAME")
        await client.receipt(await client.next("message"))

        await network.ledger.wait(lambda ledger: ledger.confirmed(phone))
        assert [row.participant for row in network.ledger.confirmed(phone)] == [maria.lid]

    async def test_a_broken_message_is_sent_anew_with_its_key(self, network, client, group, phone, maria):
        id = await maria.send(group, text_message("Olá"), corrupt=True)
        message = await client.next("message")
        await client.receipt(message, "retry", Node("retry", {"count": "1", "id": id, "v": "1"}))
        await client.ack(message)

        again = await client.next("message")
        assert membership.read(client, again).endswith(text_message("Olá"))
        assert (network.ledger.row(phone, id).retries, again.first("enc").text("count")) == (1, "1")

    async def test_the_linked_device_sees_what_its_phone_writes(self, client, group, phone):
        await phone.send_text(group, "do celular")

        message = await client.next("message")
        assert message.jid("participant") == phone.account.lid_jid
        assert text_of(membership.read(client, message)) == "do celular"

    async def test_who_is_not_in_it_cannot_write(self, group, ana):
        with pytest.raises(ValueError, match="may not write"):
            await ana.send_text(group, "Olá")

    async def test_where_only_admins_write_others_cannot(self, group, joao):
        await group.set_announce()

        with pytest.raises(ValueError, match="may not write"):
            await joao.send_text(group, "Olá")

    async def test_a_group_that_is_not_there_cannot_be_written_to(self, maria):
        with pytest.raises(LookupError):
            await maria.send_text("120363@g.us", "Olá")


class TestTheDeviceWrites:
    async def test_every_member_decrypts_it(self, network, client, group, phone, maria, joao):
        await membership.write(client, group, [maria, joao, phone], text_message("Oi"))

        for member in (maria, joao, phone):
            assert await member.wait_text("Oi") == "Oi"
        row = network.ledger.row(phone, "3EB0")
        assert (row.decrypted, row.readers, row.decrypted_by) == (True, 2, [maria.phone, joao.phone])

    async def test_it_is_decrypted_only_when_nobody_is_missing(self, network, client, group, phone, maria, joao):
        await membership.write(client, group, [maria], text_message("Oi"))
        await maria.wait_text("Oi")

        row = network.ledger.row(phone, "3EB0")
        assert (row.decrypted, row.decrypted_by) == (False, [maria.phone])

    async def test_members_confirm_and_read_it_in_their_own_names(self, network, client, group, phone, maria, joao):
        await membership.write(client, group, [phone, maria, joao], text_message("Oi"))
        receipts = [await client.next("receipt") for _ in range(2)]
        assert await maria.read(group) == ["3EB0"]
        receipts.append(await client.next("receipt"))

        assert [(r.jid("from"), r.jid("participant"), r.text("type")) for r in receipts] == [
            (group.jid, maria.account.lid_jid, ""),
            (group.jid, joao.account.lid_jid, ""),
            (group.jid, maria.account.lid_jid, "read"),
        ]
        row = network.ledger.row(phone, "3EB0")
        assert (row.read, row.read_by) == (False, [maria.phone])

    async def test_who_cannot_decrypt_asks_and_gets_it_alone(self, network, client, group, phone, maria, joao):
        await membership.write(client, group, [phone, maria], text_message("Oi"))
        receipts = [await client.next("receipt") for _ in range(2)]
        retry = next(receipt for receipt in receipts if receipt.text("type") == "retry")
        await membership.repeat(client, group, joao, text_message("Oi"), retry)

        assert retry.jid("participant") == joao.account.lid_jid
        assert await joao.wait_text("Oi") == "Oi"
        assert network.ledger.row(phone, "3EB0").decrypted

    async def test_what_is_written_where_one_is_not_is_refused(self, network, client, maria):
        others = network.add_group("Sem nós", [maria])
        await membership.write(client, others, [maria], text_message("Oi"))

        assert (await client.next("ack")).text("error") == "403"
        assert len(maria.inbox) == 0

    async def test_what_is_written_nowhere_is_refused(self, client):
        await client.send(Node("message", {"to": Jid("1203630", "g.us"), "id": "3EB0", "type": "text"}))

        assert (await client.next("ack")).text("error") == "404"


class TestAfterARestart:
    @pytest.fixture
    def options(self, tmp_path):
        return NetworkOptions(seed=7, state_dir=tmp_path)

    async def test_a_group_is_as_it_was(self, options):
        async with Network(options) as network:
            maria, ana = network.add_contact("5511988887777"), network.add_contact("5511966665555")
            group = network.add_group("Equipe", [maria, ana], description="sobre")
            await group.promote(ana)
            facts = group.facts

        assert Network(options).group(str(group)).facts == facts

    @pytest.mark.parametrize("is_clean", [True, False])
    async def test_members_write_on(self, options, is_clean, tmp_path):
        async with Network(options) as network:
            phone, maria = network.add_phone("5511999990001"), network.add_contact("5511988887777")
            client = Client(network)
            await client.pair(phone)
            await client.login()
            await client.upload_prekeys(20)
            group = network.add_group("Equipe", [phone, maria])
            await maria.send_text(group, "antes")
            membership.read(client, await client.next("message"))
            await client.ask("w:p")
            await client.close()
        file = tmp_path / "network.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "is_clean": is_clean}))
        async with Network(options) as network:
            client.network = network
            await client.login()
            await network.add_contact("5511988887777").send_text(group, "depois")

            before, after = [await client.next("message") for _ in range(2)]
            assert text_of(membership.read(client, after)) == "depois"
            assert before.text("offline") == "1"
            await client.close()
