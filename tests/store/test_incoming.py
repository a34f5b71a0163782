"""What a batch of incoming things leaves in the database, and what it tells."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from recado.domain.jid import Identity
from recado.store import identities, incoming, log, message_lists, messages
from recado.store.database import Database, Tx
from recado.store.identities import find_chat_for
from tests.stillclock import StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, LID, PHONE, House, at


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


async def test_a_text_becomes_contact_chat_message_bytes_and_event(house: House):
    heard = house.text("Oi", who=BY_BOTH, push_name="Maria")
    await house.hear(heard)
    assert await house.rows("SELECT phone_number, lid, push_name FROM public.whatsapp_contacts") == [
        (PHONE, LID, "Maria")
    ]
    assert await house.messages("wa_id, kind, text, status, from_me") == [
        (heard.wa_id, "conversation", "Oi", "received", False)
    ]
    assert await house.rows("SELECT bytes, content, trouble FROM recado.message_raw") == [
        (heard.raw, {"conversation": "Oi"}, None)
    ]
    [event] = await house.events()
    assert (event.type, event.instance_name) == ("message.received", "loja")


async def test_the_event_says_all_that_the_api_says(house: House):
    await house.hear(house.text("Oi", who=BY_BOTH, push_name="Maria", quoted_wa_id="3EB0FF"))
    [event] = await house.events()
    data = dict(event.data)
    async with house.database.transaction() as tx:
        [message] = await message_lists.of_instance(tx, house.id, limit=10)
    person = {"phone_number": PHONE, "lid": LID, "name": "Maria"}
    assert data.pop("chat") == {"id": str(message.chat.id), "kind": "person", "jid": None} | person
    assert message.sender is not None
    assert data.pop("sender") == {"id": str(message.sender.id)} | person
    assert data == {
        "id": str(message.id),
        "wa_id": message.wa_id,
        "from_me": False,
        "kind": "conversation",
        "text": "Oi",
        "summary": "Oi",
        "details": None,
        "media": None,
        "quoted_wa_id": "3EB0FF",
        "quoted_text": None,
        "target_wa_id": None,
        "sent_at": "2026-03-14T15:09:26.000Z",
        "edited_at": None,
        "status": "received",
        "status_at": "2026-03-14T15:09:26.000Z",
        "error": None,
    }
    assert event.chat_id == message.chat.id


async def test_the_chat_knows_its_last_message_and_how_many_are_unread(house: House):
    await house.hear(house.text("1"), house.text("2"))
    await house.hear(house.text("3"), house.own("4"), house.text("👍", kind="reactionMessage"))
    last = await house.value("SELECT id FROM public.whatsapp_messages ORDER BY tiebreak DESC LIMIT 1")
    assert await house.rows("SELECT last_message_id, unread_count FROM public.whatsapp_chats") == [(last, 3)]


async def test_a_live_message_is_never_before_the_last_of_its_chat(house: House):
    await house.hear(house.text("1", sent_at=at(10)))
    await house.hear(house.text("2", sent_at=at(5)), house.text("3", sent_at=at(5)), house.text("4", sent_at=at(12)))
    assert await house.messages() == ["1", "2", "3", "4"]
    assert await house.messages("sent_at") == [at(10), at(10), at(10), at(12)]


async def test_events_come_in_the_order_of_arrival(house: House):
    await house.hear(house.text("1"), house.notice("Picture"), house.gap("3EB0FE"), house.text("2"))
    assert await house.told() == ["message.received", "engine.notice", "message.gap", "message.received"]


async def test_what_comes_again_makes_no_second_row_and_no_second_event(house: House):
    once = house.text("Oi")
    await house.hear(once, once)
    await house.hear(once)
    assert await house.messages() == ["Oi"]
    assert await house.told() == ["message.received"]


async def test_a_taken_id_with_other_content_is_kept_beside_the_first(house: House):
    once = house.text("Oi")
    other = house.text("Outra", wa_id=once.wa_id)
    await house.hear(once, other)
    await house.hear(other, house.text("Mais uma", wa_id=once.wa_id))
    assert await house.messages("text, variant") == [("Oi", 0), ("Outra", 1), ("Mais uma", 2)]
    assert await house.told() == ["message.received"] * 3


async def test_the_same_id_of_two_senders_in_a_group_is_two_messages(house: House):
    one = house.text("A", who=BY_PHONE, chat=GROUP)
    await house.hear(one, house.text("B", who=Identity(lid="5@lid"), chat=GROUP, wa_id=one.wa_id))
    assert await house.messages() == ["A", "B"]
    assert await house.rows("SELECT kind, jid, contact_id FROM public.whatsapp_chats") == [("group", GROUP, None)]


async def test_instances_do_not_share_anything(house: House):
    other = await House(house.database, house.clock, "outra").open()
    same = house.text("Oi")
    await house.write([house.arrival(same), other.arrival(same)])
    assert (await house.messages(), await other.messages()) == (["Oi"], ["Oi"])
    assert await house.value("SELECT count(*) FROM public.whatsapp_contacts") == 2


async def test_devices_speaking_among_themselves_leave_nothing(house: House):
    await house.hear(house.text("x", kind="senderKeyDistributionMessage", is_protocol=True))
    assert await house.messages() == []
    assert await house.told() == []


async def test_a_message_from_the_own_phone_is_sent_and_has_no_sender(house: House):
    await house.hear(house.own("Olá"))
    assert await house.messages("from_me, sender_id, status") == [(True, None, "sent")]
    assert await house.told() == ["message.sent"]
    assert await house.rows("SELECT status, contact_id FROM public.whatsapp_message_status") == [("sent", None)]


async def test_a_message_of_ours_that_comes_back_is_not_doubled(house: House):
    await send(house, "Olá", wa_id="3EB0AA")
    await house.hear(house.own("Olá", wa_id="3EB0AA", to=BY_BOTH))
    assert await house.messages("text, status") == [("Olá", "queued")]
    assert await house.told() == []


async def test_a_message_that_nobody_in_person_sent_is_kept(house: House):
    await house.hear(house.text("Novidades", who=Identity(), chat="77@newsletter", chat_identity=Identity()))
    assert await house.messages("text, sender_id") == [("Novidades", None)]
    assert await house.value("SELECT kind FROM public.whatsapp_chats") == "newsletter"


async def test_a_jid_that_cannot_be_read_still_has_a_chat(house: House):
    await house.hear(house.text("?", who=Identity(), chat="\0 é", chat_identity=Identity()))
    [(kind, jid)] = await house.rows("SELECT kind, jid FROM public.whatsapp_chats")
    assert (kind, jid[:4]) == ("other", "odd:")


async def test_nul_in_json_is_made_visible_and_the_bytes_stay_as_they_were(house: House):
    raw = b"\x0a\x03a\x00b"
    await house.hear(house.text("a\0b", raw=raw, content={"conversation": "a\0b", "n\0": ["\0"]}))
    assert await house.messages() == ["a␀b"]
    assert await house.rows("SELECT bytes, content FROM recado.message_raw") == [
        (raw, {"conversation": "a␀b", "n␀": ["␀"]})
    ]


async def test_half_a_surrogate_pair_is_replaced(house: House):
    await house.hear(house.text("a\ud800b", content={"conversation": "a\ud800b"}))
    assert await house.messages() == ["a�b"]
    assert await house.value("SELECT content FROM recado.message_raw") == {"conversation": "a�b"}


async def test_json_that_is_too_deep_is_left_out_and_said(house: House):
    deep: dict[str, object] = {}
    for _ in range(3_000):
        deep = {"a": deep}
    await house.hear(house.text("Oi", content=deep))
    [(content, trouble)] = await house.rows("SELECT content, trouble FROM recado.message_raw")
    assert content is None
    assert trouble.startswith("its JSON cannot be kept")


async def test_two_megabytes_of_text_are_a_message(house: House):
    await house.hear(house.text("ã" * 2_000_000))
    assert await house.value("SELECT length(text) FROM public.whatsapp_messages") == 2_000_000


async def test_a_gap_is_noted_once_told_and_filled_by_the_message(house: House):
    filler = house.text("Oi", who=BY_BOTH)
    await house.hear(house.gap(filler.wa_id, who=BY_PHONE), house.gap(filler.wa_id, who=BY_PHONE))
    await house.hear(house.gap(filler.wa_id, who=BY_PHONE))
    assert await house.told() == ["message.gap"]
    await house.hear(filler)
    assert await house.rows("SELECT filled_by FROM recado.gaps") == [tuple(await house.messages("id"))]


async def test_a_gap_of_a_message_that_was_read_is_none(house: House):
    read = house.text("Oi")
    await house.hear(read)
    await house.hear(house.gap(read.wa_id))
    assert await house.told() == ["message.received"]


async def test_a_notice_is_passed_on(house: House):
    await house.hear(house.notice("GroupInfo", {"Name": "a\0"}))
    [event] = await house.events()
    assert event.data == {"name": "GroupInfo", "value": {"Name": "a␀"}}


async def test_the_name_somebody_goes_by_follows_what_they_say(house: House):
    await house.hear(house.text(push_name="Maria"))
    await house.hear(house.text(push_name="Maria S."), house.own())
    assert await house.rows("SELECT push_name FROM public.whatsapp_contacts") == [("Maria S.",)]


async def send(house: House, text: str, *, wa_id: str, who: Identity = BY_PHONE) -> None:
    async with house.database.transaction() as tx:
        chat, _ = await find_chat_for(tx, house.id, who, house.clock.new_id)
        await messages.insert_outgoing(
            tx,
            id=house.clock.new_id(),
            chat=chat,
            wa_id=wa_id,
            kind="conversation",
            text=text,
            sent_at=house.clock.now(),
            content={"conversation": text},
        )


async def test_a_message_of_ours_takes_its_place_in_the_chat(house: House):
    await house.hear(house.text("1", sent_at=at(100)))
    await send(house, "2", wa_id="3EB0AA")
    await house.hear(house.text("3", who=BY_BOTH))
    assert await house.messages() == ["1", "2", "3"]
    assert await house.value("SELECT unread_count FROM public.whatsapp_chats") == 2


async def test_the_chat_for_a_jid_is_made_once(house: House):
    async with house.database.transaction() as tx:
        first, _ = await find_chat_for(tx, house.id, LID, house.clock.new_id)
        again, _ = await find_chat_for(tx, house.id, BY_LID, house.clock.new_id)
        group, _ = await find_chat_for(tx, house.id, GROUP, house.clock.new_id)
    assert first == again
    assert (group.kind, group.jid) == ("group", GROUP)


class Counted:
    """A connection that counts the statements that go over it."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.statements = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    async def execute(self, *args: Any, **options: Any) -> Any:
        self.statements += 1
        return await self._tx.execute(*args, **options)


@pytest.mark.parametrize("size", [1, 40])
async def test_a_batch_of_any_size_takes_few_statements(house: House, size: int):
    houses = [house] + [await House(house.database, house.clock, f"loja-{n}").open() for n in range(3)]

    async def written(n: int) -> int:
        arrivals = []
        for one, number in itertools.product(houses, range(size)):
            own = one.own("Olá")
            parts = [one.text("Oi", who=BY_BOTH), one.text("Oi", chat=GROUP), own, one.receipt(own.wa_id)]
            arrivals += [one.arrival(part) for part in (*parts, one.gap(f"3EB0G{n}{number}"), one.notice("Picture"))]
        async with house.database.transaction(locks=identities.locks([one.id for one in houses])) as tx:
            counted = Counted(tx)
            post = incoming.read_through(arrivals)
            events = await incoming.write(counted, post, new_id=house.clock.new_id, now=house.clock.now())
            await log.append(counted, events)
            return counted.statements

    await written(0)
    assert await written(1) <= 7
