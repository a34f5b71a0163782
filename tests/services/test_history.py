"""A phone hands over its history: every piece is stored, told of and confirmed, whatever fails on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from recado.domain.engine import EngineError
from recado.domain.errors import Unavailable
from recado.domain.sync import HistoryBatch, HistoryNotice
from recado.store.database import Database
from recado.telemetry import UNKNOWN_SESSIONS
from tests.services.handing_over import HandingOver
from tests.stillclock import StillClock
from tests.store.house import BY_LID, GROUP, LID, House, at
from tests.store.past import batch, conversation, message
from tests.waiting import until

GONE = EngineError("gone", "the server has it no longer")
LATER = EngineError("timeout", "no answer", may_retry=True)


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


@pytest.fixture
async def phone(db: Database, clock: StillClock, house: House) -> HandingOver:
    return HandingOver(db, clock, house)


def texts(house: House, first: int, count: int) -> HistoryBatch:
    """A batch of numbered messages, each of which is the same one whenever it is made."""
    numbers = range(first, first + count)
    return batch(house, *[message(house, str(n), wa_id=f"3EB0{n:04}", sent_at=at(n), place=n) for n in numbers])


async def test_an_offer_is_fetched_stored_and_confirmed(house: House, phone: HandingOver):
    async with phone.running():
        await phone.offer(b"1", batch(house, conversation(), message(house, "Oi")))
        await phone.until_states("done")
    assert (await house.messages(), phone.endings) == (["Oi"], [("1", False)])


async def test_an_offer_is_kept_before_it_is_confirmed(house: House, phone: HandingOver):
    await phone.offer(b"1", texts(house, 0, 1))
    assert await phone.states() == ["waiting"]


async def test_offers_wait_until_the_instance_is_connected(house: House, phone: HandingOver):
    async with phone.running(connected=False):
        await phone.offer(b"1", texts(house, 0, 1))
        assert phone.fetches == []
        phone.connect()
        await phone.until_states("done")


async def test_one_piece_is_fetched_after_the_other_the_oldest_offer_first(house: House, phone: HandingOver):
    for n in (3, 1, 2):
        await phone.offer(str(n).encode(), texts(house, n, 1), progress=n)
    async with phone.running():
        await phone.until_states("done", "done", "done")
    assert phone.fetches == [b"3", b"1", b"2"]


async def test_the_same_offer_again_is_no_second_one(house: House, phone: HandingOver):
    async with phone.running():
        await phone.offer(b"1", texts(house, 0, 2))
        await phone.until_states("done")
        await phone.offer(b"1", texts(house, 0, 2))
        await phone.offer(b"1", texts(house, 0, 2), wa_id=None)
        await phone.offer(b"2", texts(house, 2, 1))
        await phone.until_states("done", "done")
    assert phone.fetches == [b"1", b"2"]


async def test_an_offer_that_the_phone_makes_anew_is_fetched_again(house: House, phone: HandingOver):
    phone.errors["fetch"] = [GONE]
    async with phone.running():
        await phone.offer(b"1", texts(house, 0, 2))
        await phone.until_states("lost")
        await until(lambda: phone.endings == [("1", True)])
        await phone.offer(b"1", texts(house, 0, 2), wa_id="NEW")
        await phone.until_states("done")
    assert await house.messages() == ["0", "1"]


async def test_a_phone_may_make_its_offer_anew_before_it_is_noted_that_it_knows(house: House, phone: HandingOver):
    phone.errors["fetch"] = [GONE]

    async def anew() -> None:
        phone.at_the_end = None
        await phone.offer(b"1", texts(house, 0, 2), wa_id="NEW")

    phone.at_the_end = anew
    async with phone.running():
        await phone.offer(b"1", texts(house, 0, 2))
        await phone.until_states("done")
    assert phone.endings == [("1", True), ("NEW", False)]
    assert await house.messages() == ["0", "1"]


async def test_an_offer_found_after_a_crash_learns_its_id_when_it_comes_again(house: House, phone: HandingOver):
    await phone.offer(b"1", texts(house, 0, 1), wa_id=None)
    await phone.offer(b"1", texts(house, 0, 1), wa_id="A")
    async with phone.running():
        await phone.until_states("done")
    assert phone.endings == [("A", False)]


async def test_the_key_of_a_piece_is_forgotten_when_it_is_over(house: House, phone: HandingOver):
    async with phone.running():
        await phone.offer(b"1", texts(house, 0, 1))
        await phone.until_states("done")
    assert await house.value("SELECT notification FROM recado.history_pieces") is None


async def test_each_piece_is_told_of_once_and_none_of_its_messages(house: House, phone: HandingOver):
    await phone.offer(b"1", batch(house, conversation(), message(house)), progress=40)
    await phone.offer(b"2", batch(house, conversation(GROUP), message(house, chat=GROUP)), progress=100)
    async with phone.running():
        await phone.until_states("done", "done")
    assert set(await house.told()) == {"history.progress"}
    shown = [(told["state"], told["percent"], told["chats"], told["messages"]) for told in await phone.told()]
    assert shown == [("running", 40, 1, 1), ("complete", 100, 2, 2)]


async def test_the_row_of_the_instance_shows_the_percent(house: House, phone: HandingOver):
    assert await house.value("SELECT history_progress FROM public.whatsapp_instances") is None
    async with phone.running():
        await phone.offer(b"1", texts(house, 0, 1), progress=40)
        await phone.until_states("done")
    assert await house.value("SELECT history_progress FROM public.whatsapp_instances") == 40


async def test_what_is_missing_in_between_counts_as_missing(house: House, phone: HandingOver):
    phone.errors["fetch"] = [LATER]
    await phone.offer(b"1", texts(house, 0, 1), progress=30)
    await phone.offer(b"2", texts(house, 1, 1), progress=60)
    async with phone.running():
        await phone.until_states("waiting", "done")
        assert (await phone.histories.progress(await phone.instance())).percent is None


async def test_the_timeline_says_when_it_began_and_when_it_was_complete(house: House, phone: HandingOver):
    await phone.offer(b"0", batch(house), sync_type="PUSH_NAME", progress=0)
    await phone.offer(b"1", texts(house, 0, 1), progress=50)
    await phone.offer(b"2", texts(house, 1, 1), progress=100)
    async with phone.running():
        await phone.until_states("done", "done", "done")
    assert await phone.steps() == ["history_begun", "history_complete"]


async def test_a_second_sync_changes_no_row_and_is_told_as_one_of_its_own(house: House, phone: HandingOver):
    async with phone.running():
        await phone.offer(b"1", texts(house, 0, 5))
        await phone.until_states("done")
        before = await house.messages("id, text, status, tiebreak")
        await phone.offer(b"2", texts(house, 0, 5), progress=100)
        await phone.until_states("done", "done")
    assert await house.messages("id, text, status, tiebreak") == before
    assert [told["messages"] for told in await phone.told()] == [5, 0]
    assert await phone.steps() == ["history_begun", "history_complete"] * 2


@pytest.mark.parametrize("kind", ["gone", "file"])
async def test_a_piece_that_cannot_be_had_is_lost_and_the_others_go_on(house: House, phone: HandingOver, kind: str):
    phone.errors["fetch"] = [EngineError(kind, "no such thing")]
    await phone.offer(b"1", texts(house, 0, 1), progress=50)
    await phone.offer(b"2", texts(house, 1, 1), progress=100)
    async with phone.running():
        await phone.until_states("lost", "done")
    assert (await house.messages(), phone.endings) == (["1"], [("1", True), ("2", False)])
    assert await phone.steps() == ["history_begun", "history_piece_lost", "history_complete"]
    assert [(told["lost"], told["piece"]["state"]) for told in await phone.told()] == [(1, "lost"), (1, "stored")]


async def test_a_piece_that_failed_is_tried_again_after_a_while(house: House, phone: HandingOver, clock: StillClock):
    phone.errors["fetch"] = [LATER]
    await phone.offer(b"1", texts(house, 0, 1))
    async with phone.running():
        await clock.until_asleep()
        assert (clock.due, await phone.states()) == ([clock.now() + timedelta(seconds=5)], ["waiting"])
        clock.advance(timedelta(seconds=5))
        await phone.until_states("done")


async def test_a_piece_that_failed_is_tried_again_at_the_next_connect(
    house: House, phone: HandingOver, clock: StillClock
):
    phone.errors["fetch"] = [LATER]
    await phone.offer(b"1", texts(house, 0, 1))
    async with phone.running():
        await clock.until_asleep()
        phone.connect()
        await phone.until_states("done")


async def test_a_piece_whose_end_the_phone_did_not_hear_is_not_fetched_again(
    house: House, phone: HandingOver, clock: StillClock
):
    phone.errors["end"] = [LATER]
    await phone.offer(b"1", texts(house, 0, 1))
    async with phone.running():
        await clock.until_asleep()
        assert await phone.states() == ["stored"]
        phone.connect()
        await phone.until_states("done")
    assert (phone.fetches, phone.endings) == ([b"1"], [("1", False)])


async def test_a_phone_that_cannot_be_told_is_let_be(house: House, phone: HandingOver):
    phone.errors["end"] = [EngineError("server", "it does not want to know")]
    async with phone.running():
        await phone.offer(b"1", texts(house, 0, 1))
        await phone.until_states("done")


async def test_a_kill_in_the_middle_of_a_piece_loses_and_doubles_nothing(house: House, phone: HandingOver):
    await phone.offer(b"1", texts(house, 0, 4), texts(house, 4, 4), texts(house, 8, 2))
    phone.stops_before = 1
    async with phone.running():
        await until(lambda: phone.stored == 1)
    assert await phone.states() == ["waiting"]
    again = phone.again()
    async with again.running():
        await again.until_states("done")
    assert await house.messages() == [str(n) for n in range(10)]
    assert [told["messages"] for told in await again.told()] == [10]


async def test_live_messages_are_stored_while_a_piece_is_being_fetched(house: House, phone: HandingOver):
    phone.stops_before = 1
    async with phone.running():
        await phone.offer(b"1", texts(house, 0, 2), texts(house, 2, 2))
        await until(lambda: phone.stored == 1)
        await house.hear(house.text("live", sent_at=at(50)))
        assert await house.told() == ["message.received"]
        phone.gate.set()
        await phone.until_states("done")
    assert await house.messages() == ["0", "1", "2", "3", "live"]


async def test_a_wrong_message_is_kept_raw_and_the_others_are_whole(house: House, phone: HandingOver):
    wrong = message(house, "wrong", kind="a\0b", wa_id="WRONG", sent_at=at(99))
    told = texts(house, 0, 5)
    async with phone.running():
        await phone.offer(b"1", replace(told, messages=(*told.messages[:2], wrong, *told.messages[2:])))
        await phone.until_states("done")
    assert await house.messages("kind, text") == [*[("conversation", str(n)) for n in range(5)], ("unknown", None)]
    [(raw, trouble)] = await house.rows("SELECT bytes, trouble FROM recado.message_raw WHERE trouble IS NOT NULL")
    assert (raw, trouble[:25]) == (wrong.incoming.raw, "UntranslatableCharacter: ")


async def test_a_batch_that_nobody_asked_for_is_refused(house: House, phone: HandingOver):
    async with phone.running():
        with pytest.raises(Unavailable):
            await phone.histories.handle(texts(house, 0, 1))
    assert await house.messages() == []


async def test_an_offer_to_an_instance_that_is_no_more_is_let_go(house: House, phone: HandingOver):
    before = UNKNOWN_SESSIONS._value.get()
    for session in (str(uuid4()), "no-uuid"):
        await phone.histories.handle(
            HistoryNotice(session=session, wa_id="A", notification=b"1", sync_type="RECENT", chunk_order=1, progress=1)
        )
    assert (await phone.states(), UNKNOWN_SESSIONS._value.get()) == ([], before + 2)


async def test_an_instance_that_is_removed_meanwhile_leaves_nothing(house: House, phone: HandingOver):
    phone.stops_before = 1
    async with phone.running():
        await phone.offer(b"1", texts(house, 0, 2), texts(house, 2, 2))
        await phone.offer(b"2", texts(house, 4, 2))
        await until(lambda: phone.stored == 1)
        async with house.database.transaction() as tx:
            await tx.execute("DELETE FROM public.whatsapp_instances WHERE id = %s", [house.id])
        phone.gate.set()
        await until(lambda: phone.stored == 1 and not phone.histories._worker._alarm._rung.is_set())
    assert (await house.rows("SELECT 1 FROM public.whatsapp_messages"), await phone.states()) == ([], [])


async def test_what_the_phone_says_in_app_state_is_newer_than_a_piece(house: House, phone: HandingOver):
    async with house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO recado.app_state_items (instance_id, collection, index, subject, value, pass)"
            " VALUES (%s, 'regular_low', %s, %s, %s, 1)",
            [house.id, f'["archive","{LID}"]', LID, '{"archiveChatAction": {"archived": true}}'],
        )
    async with phone.running():
        await phone.offer(b"1", batch(house, conversation(LID, who=BY_LID, is_archived=False)))
        await phone.until_states("done")
    assert await house.value("SELECT is_archived FROM public.whatsapp_chats") is True
