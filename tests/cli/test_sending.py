"""Sending in a terminal: appointments, expiry, taking back, what waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recado.cli.client import Failed
from tests.engines.fake import FakeEngine

TO = "+5511988887777"


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def sent(recado, *options: str) -> str:
    """The id of a message that was accepted."""
    said = await recado("message", "send", "loja", TO, "Olá!", *options)
    return str(said.splitlines()[0].rpartition(" ")[2])


async def test_a_message_with_an_appointment_waits_and_can_be_taken_back(recado, loja: str, engine: FakeEngine):
    id = await sent(recado, "--send-at", tomorrow())
    assert "0 in the line, 0 under way, 1 with an appointment, the next at" in await recado("message", "queue", "loja")
    assert await recado("message", "cancel", "loja", id) == "✅ cancelled\n"
    assert await recado("message", "queue", "loja") == "0 in the line, 0 under way, 0 with an appointment\n"
    assert engine.attempts == []


async def test_what_holds_the_queue_up_is_said(recado, runtime):
    await runtime.services.instances.create("loja", start=False)
    said = await recado("message", "send", "loja", TO, "Olá!", "--no-wait", "--expires-in", "3600")
    assert said.startswith("✅ queued: ")
    line, held = (await recado("message", "queue", "loja")).splitlines()
    assert line.startswith("1 in the line, since ")
    assert held == "1 held up: stopped"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--send-at", "2030-01-01T09:00:00"), "`send_at`"),
        (("--expires-at", "yesterday"), "`expires_at`"),
        (("--quoted", "NOBODY"), "no such message to quote"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_the_server_s_words(recado, loja: str, options, said: str):
    with pytest.raises(Failed) as refusal:
        await sent(recado, *options)
    assert said in refusal.value.detail


async def test_a_message_that_went_out_cannot_be_taken_back(recado, loja: str):
    id = await sent(recado)
    with pytest.raises(Failed) as refusal:
        await recado("message", "cancel", "loja", id)
    assert refusal.value.code == "not_cancellable"
