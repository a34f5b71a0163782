"""What a phone has in its address book and set about its chats."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recado_simulator.protobuf import decode
from tests.simulator.app_state_reads import CONTACTS, FLAGS, MUTES


def test_names_are_kept_by_address(phone, maria):
    phone.book.save(maria, "Maria Silva", first="Maria")
    phone.book.save("555@lid", "Sem número")
    phone.book.save(maria, "Maria por LID", address="lid")

    assert phone.book.names == {
        f"{maria.phone}@s.whatsapp.net": "Maria Silva",
        "555@lid": "Sem número",
        maria.lid: "Maria por LID",
    }


def test_both_addresses_of_somebody_are_told(phone, maria):
    phone.book.save(maria, "Maria Silva", first="Maria")

    number = f"{maria.phone}@s.whatsapp.net"
    assert contact_of(phone) == {1: b"Maria Silva", 2: b"Maria", 3: maria.lid.encode(), 4: 1, 5: number.encode()}


def test_the_other_address_can_be_left_out(phone, maria):
    phone.book.save(maria, "Maria", alternative=False)

    assert 3 not in contact_of(phone)


def test_who_is_removed_is_gone(phone, maria):
    phone.book.save(maria, "Maria")
    phone.book.remove(maria)

    assert phone.book.names == {}


def test_who_is_not_there_cannot_be_removed(phone, maria):
    with pytest.raises(LookupError):
        phone.book.remove(maria)


def contact_of(phone) -> dict:
    [entry] = phone.app_state.entries(CONTACTS)
    return {number: values[0] for number, values in decode(decode(entry.value)[3][0]).items()}


def test_a_chat_that_is_archived_is_not_pinned_any_more(phone, maria):
    phone.chats.pin(maria)
    phone.chats.archive(maria)

    assert flags(phone) == {("pin_v1", maria.lid): (5, 0), ("archive", maria.lid): (17, 1)}


def test_a_chat_is_muted_until_a_time_or_for_ever(phone, maria):
    phone.chats.mute(maria, datetime(2026, 12, 1, tzinfo=UTC))
    phone.chats.mute("120363@g.us")

    until, forever = (decode(decode(one.value)[4][0]) for one in phone.app_state.entries(MUTES))
    assert until[2] == [1_796_083_200_000]
    assert forever[2] == [(1 << 64) - 1]


def test_a_chat_is_read_or_marked_as_unread(phone, maria):
    phone.chats.mark_read(maria, on=False)

    assert flags(phone) == {("markChatAsRead", maria.lid): (20, 0)}


def flags(phone) -> dict:
    """Each entry's field in the value, and whether it is on."""
    found = {}
    for entry in phone.app_state.entries(FLAGS):
        [field] = decode(entry.value).keys() - {1}
        found[entry.index] = (field, decode(decode(entry.value)[field][0])[1][0])
    return found
