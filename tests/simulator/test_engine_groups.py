"""Groups as the real engine sees them: what is written there, who comes and goes, and what is offered again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from recado.clock import SystemClock
from recado.domain.engine import EngineError, Gap, Notice, Outgoing, Receipt
from recado_simulator import Contact, Group
from recado_simulator.content import text_message
from tests.engines.harness import link
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow
from tests.waiting import until

pytestmark = pytest.mark.engine


@pytest.fixture
async def harness(database_url, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
    async with whatsmeow(database_url, tmp_path) as harness:
        await link(harness, "s1")
        yield harness


@pytest.fixture
def joao(harness) -> Contact:
    return harness.network.add_contact("5511977776666", name="João")


@pytest.fixture
def group(harness, joao) -> Group:
    return harness.network.add_group("Equipe", [harness.phone("s1"), harness.contact, joao], admins=[harness.contact])


async def notices(harness: WhatsmeowHarness, name: str, count: int = 1) -> list[dict]:
    """The values of the first `count` notices of this name."""

    def named() -> list[dict]:
        return [one.value for one in harness.listener.heard if isinstance(one, Notice) and one.name == name]

    await harness.listener.until(lambda: len(named()) >= count)
    return named()


async def write(harness: WhatsmeowHarness, group: Group, text: str) -> str:
    outgoing = Outgoing(wa_id=SystemClock().new_wa_id(), to=str(group), content={"conversation": text})
    return (await harness.engine.send("s1", 1, outgoing)).wa_id


async def test_what_members_write_arrives_with_who_wrote_it(harness, group, joao):
    await harness.contact.send_text(group, "Olá a todos")
    await joao.send_text(group, "Oi")
    await harness.contact.send_text(group, "tudo bem?")

    await harness.listener.until(lambda: len(harness.listener.texts("s1")) == 3)
    messages = harness.listener.messages("s1")
    assert [(m.sender.phone, m.text) for m in messages] == [
        (harness.contact.phone, "Olá a todos"), (joao.phone, "Oi"), (harness.contact.phone, "tudo bem?"),
    ]  # fmt: skip
    assert {(m.chat, m.is_group) for m in messages} == {(str(group), True)}
    await until(lambda: len(harness.network.ledger.confirmed(harness.phone("s1"))) == 3)


async def test_in_a_group_by_phone_number_too(harness, joao):
    phone = harness.phone("s1")
    group = harness.network.add_group("Antigo", [phone, joao], address="pn")
    await joao.send_text(group, "Oi")
    await harness.listener.until(lambda: harness.listener.texts("s1") == ["Oi"])
    await write(harness, group, "bom dia")

    assert await joao.wait_text("bom dia") == "bom dia"
    [incoming] = harness.listener.messages("s1")
    assert (incoming.sender.phone, incoming.sender.lid) == (joao.phone, joao.lid)


async def test_what_the_owner_writes_on_the_phone_is_theirs(harness, group):
    await harness.phone("s1").send_text(group, "do celular")

    await harness.listener.until(lambda: harness.listener.texts("s1"))
    [incoming] = harness.listener.messages("s1")
    assert (incoming.is_from_me, incoming.chat, incoming.text) == (True, str(group), "do celular")


async def test_what_is_written_is_decrypted_by_every_member_and_by_the_phone(harness, group, joao):
    ids = [await write(harness, group, text) for text in ("bom dia", "de novo")]

    for member in (harness.contact, joao, harness.phone("s1")):
        for text in ("bom dia", "de novo"):
            assert await member.wait_text(text) == text
    rows = [harness.network.ledger.row(harness.phone("s1"), id) for id in ids]
    assert [(row.readers, row.decrypted, row.copies) for row in rows] == [(2, True, 1)] * 2


async def test_receipts_say_which_member_has_read(harness, group, joao):
    id = await write(harness, group, "bom dia")
    await joao.wait_text("bom dia")
    await joao.read(group)

    def read() -> list[Receipt]:
        return [one for one in harness.listener.heard if isinstance(one, Receipt) and one.type == "read"]

    await harness.listener.until(read)
    [receipt] = read()
    assert (receipt.wa_ids, receipt.sender.lid, receipt.chat) == ((id,), joao.lid, str(group))


async def test_a_member_who_lost_the_session_asks_and_gets_it_alone(harness, group, joao):
    await write(harness, group, "um")
    await joao.wait_text("um")
    device = next(iter(harness.phone("s1").account.devices.values()))
    joao.signal.drop_session(device.signal_address)
    joao.signal._prekeys.clear()
    id = await write(harness, group, "dois")

    assert await joao.wait_text("dois") == "dois"
    row = harness.network.ledger.row(harness.phone("s1"), id)
    assert (row.decrypted, row.copies) == (True, 2)
    assert [message.copies for message in harness.contact.inbox] == [1, 1]


async def test_a_broken_group_message_is_a_gap_which_the_repeat_fills(harness, group):
    id = await harness.contact.send(group, text_message("quebrada"), corrupt=True)

    await harness.listener.until(lambda: "quebrada" in harness.listener.texts("s1"))
    [gap] = [one for one in harness.listener.heard if isinstance(one, Gap)]
    assert (gap.wa_id, harness.network.ledger.row(harness.phone("s1"), id).retries) == (id, 1)
    await harness.contact.send_text(group, "e a próxima")
    await harness.listener.until(lambda: harness.listener.texts("s1") == ["quebrada", "e a próxima"])


async def test_a_broken_one_of_the_phone_is_asked_for_again_there(harness, group):
    await harness.phone("s1").send(group, text_message("do celular"), corrupt=True)

    await harness.listener.until(lambda: harness.listener.texts("s1") == ["do celular"])
    assert [one.is_from_me for one in harness.listener.messages("s1")] == [True]


async def test_every_change_is_told(harness, group, joao):
    ana = harness.network.add_contact("5511966665555", name="Ana")
    for change in (
        group.add(ana), group.promote(joao), group.demote(joao), group.set_subject("Time", by=joao),
        group.set_description("sobre nós"), group.set_announce(), group.set_locked(), group.set_ephemeral(60),
        group.remove(ana), group.leave(joao),
    ):  # fmt: skip
        await change

    told = await notices(harness, "GroupInfo", 10)
    assert [value["Join"] or value["Leave"] or value["Promote"] or value["Demote"] for value in told] == [
        [ana.lid], [joao.lid], [joao.lid], None, None, None, None, None, [ana.lid], [joao.lid],
    ]  # fmt: skip
    assert (told[3]["Name"]["Name"], told[3]["Sender"], told[3]["SenderPN"]) == (
        "Time", joao.lid, f"{joao.phone}@s.whatsapp.net",
    )  # fmt: skip
    assert told[4]["Topic"]["Topic"] == "sobre nós"
    assert (told[5]["Announce"]["IsAnnounce"], told[6]["Locked"]["IsLocked"]) == (True, True)
    assert told[7]["Ephemeral"]["DisappearingTimer"] == 60
    assert not any(value["UnknownChanges"] for value in told)


async def test_who_comes_later_gets_the_key(harness, group, joao):
    await write(harness, group, "um")
    ana = harness.network.add_contact("5511966665555", name="Ana")
    await group.add(ana)
    await notices(harness, "GroupInfo")
    await write(harness, group, "dois")

    assert await ana.wait_text() == "dois"


async def test_a_new_group_and_being_added_to_one_are_told_with_its_members(harness, group, joao):
    other = harness.network.add_group("Outra", [joao])
    await other.add(harness.phone("s1"))

    made, added = await notices(harness, "JoinedGroup", 2)
    assert [(one["Name"], one["Type"], len(one["Participants"])) for one in (made, added)] == [
        ("Equipe", "new", 3),
        ("Outra", "", 2),
    ]


async def test_after_its_own_removal_nothing_is_written_there(harness, group):
    await write(harness, group, "um")
    await group.remove(harness.phone("s1"))
    [told] = await notices(harness, "GroupInfo")
    with pytest.raises(EngineError) as refused:
        await write(harness, group, "dois")

    assert told["Leave"] == [harness.phone("s1").lid]
    assert refused.value.kind == "server"
    assert [message.text for message in harness.contact.inbox] == ["um"]


async def test_a_change_that_was_not_stored_is_told_again(harness, group):
    await notices(harness, "JoinedGroup")
    harness.listener.refuse("s1")
    await group.set_subject("Time")
    await harness.listener.until(lambda: harness.listener.refusals)
    await harness.engine.stop("s1", 1)
    harness.listener.accept("s1")
    await harness.engine.start("s1", 2)

    [told] = await notices(harness, "GroupInfo")
    assert told["Name"]["Name"] == "Time"
    device = next(iter(harness.phone("s1").account.devices.values()))
    await until(lambda: not any(parcel.key[0] == "notification" for parcel in device.mailbox))
