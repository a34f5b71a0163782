"""What is kept of something that the database would not take."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from recado.domain.engine import Gap, Incoming, Notice, Receipt
from recado.domain.jid import Identity
from recado.domain.rescue import plain

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ERROR = ValueError("no \0 good")
MESSAGE = Incoming(
    session="s",
    wa_id="3EB0AA",
    chat="5511988887777@s.whatsapp.net",
    chat_identity=Identity(phone="5511988887777"),
    sender=Identity(phone="5511988887777", lid="1@lid"),
    is_from_me=False,
    is_group=False,
    sent_at=NOW,
    kind="conversation",
    text="Oi",
    raw=b"\x0a\x02Oi",
    content={"conversation": "Oi"},
)


def test_a_message_keeps_its_bytes_its_place_and_says_what_was_wrong():
    kept = plain(MESSAGE, ERROR)
    changes = {"kind": "unknown", "text": None, "content": None, "trouble": "ValueError: no ␀ good"}
    assert kept == replace(MESSAGE, **changes)


def test_a_receipt_becomes_a_notice():
    receipt = Receipt(
        session="s", chat="", chat_identity=Identity(), sender=Identity(), is_from_me=False, wa_ids=(), type="", at=NOW
    )
    kept = plain(receipt, ERROR)
    assert isinstance(kept, Notice)
    assert kept.value == {"type": "Receipt", "trouble": "ValueError: no ␀ good"}


def test_a_gap_stays_a_gap():
    gap = Gap(
        session="s",
        wa_id="\0",
        chat="",
        chat_identity=Identity(),
        sender=Identity(),
        is_from_me=False,
        sent_at=NOW,
        cause="\0",
    )
    kept = plain(gap, ERROR)
    assert isinstance(kept, Gap)
    assert (kept.wa_id[:4], kept.cause) == ("odd:", "undecryptable")


@given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()))
def test_nothing_odd_is_left(wa_id: str, phone: str, lid: str):
    odd = replace(MESSAGE, wa_id=wa_id, sender=Identity(phone=phone, lid=lid))
    kept = plain(odd, ERROR)
    assert isinstance(kept, Incoming)
    for text in (kept.wa_id, kept.sender.phone or "", kept.sender.lid or ""):
        assert "\0" not in text
        assert len(text) <= 64
        text.encode()
