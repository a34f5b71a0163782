"""What people write as a recipient."""

from __future__ import annotations

import pytest

from recado.domain.chats import Address
from recado.domain.errors import Invalid
from recado.domain.jid import Identity
from recado.services.sending.recipients import read


@pytest.mark.parametrize(
    ("written", "wire"),
    [
        ("+5511999990001", "+5511999990001"),
        ("+55 (11) 99999-0001", "+5511999990001"),
        ("5511999990001", "+5511999990001"),
        ("551188887777", "+551188887777"),
        ("11 99999-0001", "+5511999990001"),
        ("011 99999-0001", "+5511999990001"),
        ("(11) 99999.0001", "+5511999990001"),
        ("005511999990001", "+5511999990001"),
        ("+1 415 555 2671", "+14155552671"),
        ("14155552671", "+14155552671"),
        (" +351 912 345 678 ", "+351912345678"),
    ],
)
def test_a_number_becomes_international_and_is_a_guess(written, wire):
    recipient = read(written, "BR")
    assert (recipient.wire, recipient.is_guess) == (wire, True)
    assert recipient.address == Address(kind="person", identity=Identity(phone=wire[1:]))


def test_a_national_number_is_read_by_the_region():
    assert read("912 345 678", "PT").wire == "+351912345678"


PERSON = Address(kind="person", identity=Identity(phone="5511999990001"))


@pytest.mark.parametrize(
    ("written", "wire", "address"),
    [
        ("5511999990001@s.whatsapp.net", "5511999990001@s.whatsapp.net", PERSON),
        ("5511999990001@c.us", "5511999990001@s.whatsapp.net", PERSON),
        ("5511999990001:12@s.whatsapp.net", "5511999990001@s.whatsapp.net", PERSON),
        ("100200@lid", "100200@lid", Address(kind="person", identity=Identity(lid="100200@lid"))),
        ("120363001@g.us", "120363001@g.us", Address(kind="group", jid="120363001@g.us")),
        ("5511999990001-1400@g.us", "5511999990001-1400@g.us", Address(kind="group", jid="5511999990001-1400@g.us")),
    ],
)
def test_a_jid_is_taken_as_it_is(written, wire, address):
    recipient = read(written, "BR")
    assert (recipient.wire, recipient.is_guess, recipient.address) == (wire, False, address)


@pytest.mark.parametrize(
    "written", ["", "abc", "123", "+", "+55", "1-800-FLOWERS", "+551199999000112345", "👋", "+999123456"]
)
def test_what_is_no_number_is_refused_with_a_hint(written):
    with pytest.raises(Invalid) as caught:
        read(written, "BR")
    assert (caught.value.code, caught.value.extra["field"]) == ("recipient_invalid", "to")
    assert "RECADO_REGION" in caught.value.hint


@pytest.mark.parametrize(
    "written", ["@", "@g.us", "a@", "a@b@c", "status@broadcast", "123@newsletter", "x@s.whatsapp.net", "1@example.com"]
)
def test_what_no_message_can_be_sent_to_is_refused(written):
    with pytest.raises(Invalid) as caught:
        read(written, "BR")
    assert caught.value.code == "recipient_unsupported"
