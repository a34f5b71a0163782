"""History as the real engine reads it: what the chunks hold, what becomes of them, and older messages on request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from recado.domain.engine import EngineError
from recado.domain.sync import HistoryBatch, HistoryMessage, HistoryNotice, OldestKnown
from recado_simulator import Chunk, Conversation, History, SyncType, UntidyHistory, untidy
from recado_simulator import HistoryMessage as Kept
from tests.engines.harness import link
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow

pytestmark = pytest.mark.engine
MARIA = "5521988887777@s.whatsapp.net"
NOON = 1_750_000_000
BROKEN = {"gone": "gone", "hash": "file", "zlib": "file", "form": "file"}


@pytest.fixture
async def harness(database_url, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
    async with whatsmeow(database_url, tmp_path) as harness:
        yield harness


@pytest.fixture
async def linked(harness) -> WhatsmeowHarness:
    await link(harness, "s1")
    return harness


def heard(harness: WhatsmeowHarness, kind: type) -> list:
    return [one for one in harness.listener.heard if isinstance(one, kind)]


async def notices(harness: WhatsmeowHarness, count: int) -> list[HistoryNotice]:
    await harness.listener.until(lambda: len(heard(harness, HistoryNotice)) >= count)
    return heard(harness, HistoryNotice)


async def fetch(harness: WhatsmeowHarness, notice: HistoryNotice) -> list[HistoryBatch]:
    before = len(heard(harness, HistoryBatch))
    await harness.engine.fetch_history("s1", 1, "piece", notice.notification)
    return heard(harness, HistoryBatch)[before:]


def one_text(text: str = "Oi") -> Chunk:
    return Chunk.of(SyncType.RECENT, [Conversation(MARIA, messages=[Kept(id="M1", at=NOON, text=text)])])


async def test_a_new_device_is_offered_what_the_phone_has_in_its_order(harness):
    phone = harness.phone("s1")
    phone.history = untidy(7, 5, 10, 30)
    await link(harness, "s1")

    found = await notices(harness, len(phone.history.chunks))

    assert [(one.wa_id, one.sync_type, one.chunk_order, one.progress) for one in found] == [
        (offer.id, offer.chunk.sync_type.name, offer.chunk.order, offer.chunk.progress) for offer in phone.offers
    ]


async def test_all_of_an_untidy_history_is_read_as_it_is(harness):
    history = untidy(7, 60, 300, 3_000)
    harness.phone("s1").history = history
    await link(harness, "s1")
    skipped = 0
    for notice in await notices(harness, len(history.chunks)):
        fetched = await harness.engine.fetch_history("s1", 1, "piece", notice.notification)
        skipped += fetched.skipped

    batches = heard(harness, HistoryBatch)
    assert skipped == history.unreadable
    assert read(history, batches) == expected(history)
    assert {name for batch in batches for _, name in batch.push_names} <= {one.push_name for one in history.contacts}


async def test_a_piece_inside_the_notification_is_read_too(linked):
    await linked.phone("s1").offer_history([one_text()], inline=True)

    [batch] = await fetch(linked, (await notices(linked, 1))[0])

    assert [one.incoming.text for one in batch.messages] == ["Oi"]


async def test_a_stored_piece_is_confirmed_and_deleted(linked):
    [offer] = await linked.phone("s1").offer_history([one_text()])
    [notice] = await notices(linked, 1)
    await fetch(linked, notice)
    before = (offer.reads, offer.is_deleted, "hist_sync" in offer.receipts)

    await linked.engine.end_history("s1", 1, notice.wa_id, notice.notification, is_lost=False)
    await linked.phone("s1").offers.wait(lambda _: offer.is_deleted and "hist_sync" in offer.receipts)

    assert before == (1, False, False)


async def test_a_lost_piece_is_told_to_the_phone(linked):
    [offer] = await linked.phone("s1").offer_history([one_text()], broken="gone")
    [notice] = await notices(linked, 1)

    await linked.engine.end_history("s1", 1, notice.wa_id, notice.notification, is_lost=True)
    await linked.phone("s1").offers.wait(lambda _: "server-error" in offer.receipts)


async def test_what_is_broken_is_called_so(linked):
    found = {}
    for n, broken in enumerate(BROKEN, start=1):
        await linked.phone("s1").offer_history([one_text("Oi" * 500)], broken=broken)
        notice = (await notices(linked, n))[-1]
        with pytest.raises(EngineError) as error:
            await fetch(linked, notice)
        found[broken] = error.value.kind

    assert found == BROKEN


async def test_older_messages_come_when_asked_for(linked):
    phone = linked.phone("s1")
    kept = [Kept(id=f"M{n}", at=NOON + n, text=str(n)) for n in range(1, 10)]
    phone.history = History(conversations=[Conversation(MARIA, messages=kept[8:], older=kept[:8])])
    oldest = OldestKnown(chat=MARIA, wa_id="M9", from_me=False, at=datetime.fromtimestamp(NOON + 9, UTC))
    await linked.listener.signalled("app_state_changed", "s1")  # the phone has written: there is a session to answer in
    request = await linked.engine.ask_history("s1", 1, oldest, 3)

    [notice] = await notices(linked, 1)
    [batch] = await fetch(linked, notice)

    assert (notice.request, notice.sync_type) == (request, "ON_DEMAND")
    assert sorted((one.place, one.incoming.text) for one in batch.messages) == [(6, "6"), (7, "7"), (8, "8")]


def read(history: UntidyHistory, batches: list[HistoryBatch]) -> dict[tuple[str, str], tuple]:
    """Each message by chat and id: what its original says, with the text of its edit."""
    jids = {jid: chat.jid for chat in history.chats for jid in (chat.jid, chat.pn, chat.lid) if jid}
    told: dict[tuple[str, str], dict[bool, HistoryMessage]] = {}
    for batch in batches:
        for message in batch.messages:
            key = jids[message.incoming.chat], message.incoming.wa_id
            told.setdefault(key, {})[message.is_edit] = message
    return {key: described(copies[False], copies.get(True)) for key, copies in told.items()}


def described(original: HistoryMessage, edit: HistoryMessage | None) -> tuple:
    incoming = original.incoming
    return (
        int(incoming.sent_at.timestamp()),
        original.place,
        incoming.is_from_me,
        None if original.stub else incoming.kind,
        (edit or original).incoming.text,
        incoming.quoted_text,
        original.status if incoming.is_from_me else None,
        original.stub or "",
        edit is not None,
    )


def expected(history: UntidyHistory) -> dict[tuple[str, str], tuple]:
    return {
        key: (
            one.at,
            one.place,
            one.is_from_me,
            None if one.stub else one.kind,
            one.text,
            one.quoted,
            one.status,
            one.stub,
            one.is_edited,
        )
        for key, one in history.by_id.items()
    }
