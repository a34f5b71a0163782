"""History against the real host: what is found again after a crash, what nobody can forge, what the library keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from recado.domain.sync import HistoryBatch, HistoryMessage
from recado_simulator import Chunk, Conversation, SyncType
from recado_simulator import HistoryMessage as Past
from recado_simulator.content import text_message
from recado_simulator.history import Stub
from recado_simulator.protobuf import encode
from tests.engines.harness_sync import notices, offered, ready
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow

pytestmark = pytest.mark.engine

MARIA, MARIA_LID = "5511988887777@s.whatsapp.net", "200000000000001@lid"
AT = 1_760_000_000
PROTOCOL_MESSAGE, OFFER = 12, encode([(2, 5), (6, encode([(6, 3), (11, b"forged")]))])


@pytest.fixture
async def harness(database_url, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
    async with whatsmeow(database_url, tmp_path) as harness:
        await ready(harness)
        yield harness


async def told(harness: WhatsmeowHarness, *conversations: Conversation, inline: bool = False) -> list[HistoryMessage]:
    """What the host makes of a piece with these."""
    await harness.phone("s1").offer_history([Chunk.of(SyncType.RECENT, conversations)], inline=inline)
    await harness.listener.until(lambda: notices(harness))
    await harness.engine.fetch_history("s1", 1, "p1", notices(harness)[0].notification)
    batches = [one for one in harness.listener.heard if isinstance(one, HistoryBatch)]
    return [message for batch in batches for message in batch.messages]


async def test_an_offer_that_was_not_stored_when_the_host_was_killed_is_found_again(harness):
    harness.listener.hold("s1")
    await harness.offer_history("s1", ["one"])
    await harness.listener.until(lambda: harness.listener.waiting)
    await harness.crash()
    await harness.listener.signalled("host_up", count=2)
    harness.listener.release("s1")
    harness.listener.heard.clear()
    await harness.engine.start("s1", 2)
    await harness.listener.until(lambda: [one for one in notices(harness) if one.wa_id is None])
    await harness.listener.signalled("connected", "s1", count=2)
    fetched = await harness.engine.fetch_history("s1", 2, "p1", notices(harness)[0].notification)
    assert fetched.messages == 1


async def test_an_offer_that_a_stranger_wrote_is_never_taken_for_the_phones(harness):
    harness.listener.hold("s1")
    await harness.contact.send(harness.phone("s1"), encode([(PROTOCOL_MESSAGE, OFFER)]))
    await harness.listener.until(lambda: harness.listener.waiting)
    await harness.crash()
    await harness.listener.signalled("host_up", count=2)
    harness.listener.release("s1")
    await harness.engine.start("s1", 2)
    await harness.listener.signalled("connected", "s1", count=2)
    await offered(harness, "one")
    assert [one.chunk_order for one in notices(harness)] == [1]


async def test_an_own_message_in_a_lid_chat_is_ours_by_both_names(harness):
    chat = Conversation(MARIA_LID, messages=[Past(id="A", at=AT, text="Oi", is_from_me=True)], pn=MARIA)
    [message] = await told(harness, chat)
    incoming, phone = message.incoming, harness.phone("s1")
    assert (incoming.sender.phone, f"{incoming.sender.lid}") == (phone.phone, phone.lid)
    assert (incoming.chat_identity.phone, incoming.chat_identity.lid) == ("5511988887777", MARIA_LID)
    assert incoming.is_from_me


async def test_an_edited_message_comes_with_its_new_text_under_the_id_of_the_original(harness):
    key = encode([(1, MARIA.encode()), (2, 0), (3, b"ORIGINAL")])
    order = encode([(12, encode([(1, key), (2, 14), (14, text_message("new"))]))])
    content = encode([(58, encode([(1, order)]))])
    [message] = await told(harness, Conversation(MARIA, messages=[Past(id="EDIT", at=AT, content=content)]))
    assert (message.incoming.wa_id, message.incoming.text, message.is_edit) == ("ORIGINAL", "new", True)


async def test_a_stub_says_what_happened(harness):
    stub = Past(id="S", at=AT, stub=Stub.GROUP_CHANGE_SUBJECT, stub_params=("Equipe",), sender=MARIA)
    [message] = await told(harness, Conversation("120363000000000001@g.us", messages=[stub]))
    assert (message.stub, message.stub_params) == ("GROUP_CHANGE_SUBJECT", ("Equipe",))
    assert message.incoming.sender.phone == "5511988887777"


async def test_secrets_of_messages_are_kept_for_the_library(harness, database_url):
    messages = [Past(id=f"A{n}", at=AT + n, text="Oi", secret=bytes([n]) * 32) for n in range(3)]
    await told(harness, Conversation(MARIA, messages=messages))
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        cursor = await connection.execute(
            "SELECT message_id, sender_jid FROM whatsmeow.whatsmeow_message_secrets WHERE chat_jid = %s ORDER BY 1",
            [MARIA],
        )
        assert await cursor.fetchall() == [(f"A{n}", MARIA) for n in range(3)]


async def test_a_piece_that_travels_in_its_offer_and_is_larger_than_a_frame_is_told_too(harness):
    noise = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(250_000))
    messages = [Past(id=f"A{n}", at=AT + n, text=noise[n:]) for n in range(3)]
    told_messages = await told(harness, Conversation(MARIA, messages=messages), inline=True)
    assert len(notices(harness)[0].notification) > 256 * 1024
    assert sorted(message.incoming.wa_id for message in told_messages) == ["A0", "A1", "A2"]
    assert list(harness.exchange.iterdir()) == []


async def test_a_chat_of_thousands_of_messages_comes_whole_and_in_order(harness):
    messages = [Past(id=f"A{n}", at=AT + n, text=f"{n}") for n in range(3000)]
    told_messages = await told(harness, Conversation(MARIA, messages=messages))
    assert sorted(told_messages, key=lambda one: one.place) == sorted(
        told_messages, key=lambda one: one.incoming.sent_at
    )
    assert len({message.incoming.wa_id for message in told_messages}) == 3000
