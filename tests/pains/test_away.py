"""What is written while nobody is there is missed: not here."""

from __future__ import annotations

import pytest

from tests.stories.ears import received

pytestmark = [pytest.mark.story, pytest.mark.engine]


async def test_what_was_written_while_all_was_down_comes_once_and_in_order(recado, phone, maria, network, sql):
    """Recado and its engine host are killed with -9, people go on writing, and nobody scans anything afterwards."""
    await recado.pair("loja", phone)
    await maria.send_text(phone, "before")
    await received(recado, 1)
    await recado.kill()
    written = [f"while you were away {n}" for n in range(10)]
    for text in written:
        await maria.send_text(phone, text)
    await recado.start()
    await network.ledger.wait(lambda ledger: not ledger.unconfirmed(phone), timeout=60)

    rows = sql("SELECT text FROM public.whatsapp_messages WHERE NOT from_me ORDER BY sent_at, tiebreak")
    told = sql("SELECT data ->> 'text' FROM recado.event_log WHERE type = 'message.received' ORDER BY position")
    assert [text for (text,) in rows] == ["before", *written]
    assert [text for (text,) in told] == ["before", *written]
