"""Where a message belongs, by the JID of its chat."""

from __future__ import annotations

import pytest

from recado.domain.chats import Address, address_of, storable_jid
from recado.domain.jid import Identity, identity_of


@pytest.mark.parametrize(
    ("chat", "kind", "jid"),
    [
        ("1203@g.us", "group", "1203@g.us"),
        ("status@broadcast", "status", "status@broadcast"),
        ("7@broadcast", "broadcast", "7@broadcast"),
        ("7@newsletter", "newsletter", "7@newsletter"),
        ("7@bot", "other", "7@bot"),
        ("x@s.whatsapp.net", "other", "x@s.whatsapp.net"),
        ("", "other", storable_jid("")),
    ],
)
def test_what_is_no_person_is_known_by_its_jid(chat: str, kind: str, jid: str):
    assert address_of(chat, identity_of(chat)) == Address(kind=kind, jid=jid)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "chat", ["5511988887777@s.whatsapp.net", "5511988887777:3@s.whatsapp.net", "5511988887777@c.us"]
)
def test_a_person_is_known_by_who_they_are(chat: str):
    assert address_of(chat, identity_of(chat)) == Address(kind="person", identity=Identity(phone="5511988887777"))


@pytest.mark.parametrize("chat", ["100@lid", "100:99@hosted.lid"])
def test_a_hosted_device_is_the_same_person(chat: str):
    assert address_of(chat, identity_of(chat)) == Address(kind="person", identity=Identity(lid="100@lid"))


def test_an_odd_jid_is_a_fingerprint_of_bounded_length():
    assert storable_jid("a b") == storable_jid("a b") != storable_jid("a c")
    assert len(storable_jid("x" * 10_000)) == 36
