"""A mailbox offers what is unconfirmed, in order, and again to the next connection."""

from __future__ import annotations

from recado_simulator.jid import Jid
from recado_simulator.mailbox import Mailbox
from recado_simulator.parcel import Parcel, parcel_key

MARIA = Jid("100200300", "lid")


def key(id: str):
    return parcel_key("message", MARIA, id, "text")


def parcel(id: str) -> Parcel:
    return Parcel(key(id), id.encode(), None)


def offered(mailbox: Mailbox, room: int = 100) -> list[str]:
    left = iter(range(room))
    return [parcel.encoded.decode() for parcel in mailbox.offer(lambda: next(left, None) is not None)]


def test_nothing_is_offered_while_closed():
    mailbox = Mailbox(10)
    mailbox.put([parcel("a")])

    assert offered(mailbox) == []


def test_what_was_kept_comes_before_what_is_new():
    mailbox = Mailbox(10)
    mailbox.put([parcel("a")])
    mailbox.open()
    mailbox.put([parcel("b")])

    assert offered(mailbox) == ["a", "b"]


def test_no_more_than_the_window_is_offered_unconfirmed():
    mailbox = Mailbox(2)
    mailbox.open()
    mailbox.put([parcel(id) for id in "abc"])

    assert offered(mailbox) == ["a", "b"]
    mailbox.confirm(key("a"))
    assert offered(mailbox) == ["c"]


def test_nothing_is_offered_without_room():
    mailbox = Mailbox(10)
    mailbox.open()
    mailbox.put([parcel(id) for id in "abc"])

    assert offered(mailbox, room=1) == ["a"]
    assert offered(mailbox) == ["b", "c"]


def test_a_new_connection_is_offered_all_that_was_not_confirmed():
    mailbox = Mailbox(10)
    mailbox.open()
    mailbox.put([parcel(id) for id in "abc"])
    offered(mailbox)
    mailbox.confirm(key("b"))
    mailbox.close()
    mailbox.open()

    assert offered(mailbox) == ["a", "c"]


def test_what_was_never_offered_cannot_be_confirmed():
    mailbox = Mailbox(10)
    mailbox.put([parcel("a")])

    assert mailbox.confirm(key("a")) is None
    assert len(mailbox) == 1


def test_a_confirmation_may_come_on_a_later_connection_before_the_next_offer():
    mailbox = Mailbox(10)
    mailbox.open()
    mailbox.put([parcel("a"), parcel("b")])
    offered(mailbox)
    mailbox.open()
    mailbox.confirm(key("a"))

    assert offered(mailbox) == ["b"]


def test_of_two_parcels_with_one_key_each_confirmation_ends_one():
    mailbox = Mailbox(10)
    mailbox.open()
    mailbox.put([parcel("a"), parcel("a")])
    offered(mailbox)
    mailbox.confirm(key("a"))

    assert len(mailbox) == 1


def test_a_discarded_parcel_is_not_offered_again():
    mailbox = Mailbox(10)
    mailbox.open()
    mailbox.put([parcel("a")])
    offered(mailbox)
    mailbox.discard(key("a"))
    mailbox.open()

    assert offered(mailbox) == []


def test_the_type_of_a_receipt_is_part_of_its_key_and_that_of_a_message_is_not():
    assert parcel_key("receipt", MARIA, "a", "read") != parcel_key("receipt", MARIA, "a", "")
    assert parcel_key("message", MARIA, "a", "media") == parcel_key("message", MARIA, "a", "text")
