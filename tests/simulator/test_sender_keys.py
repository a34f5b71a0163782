"""Sender keys: one encryption that every member of a group reads."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado_simulator.keys import KeyStream
from recado_simulator.signal import (
    InvalidMessage,
    MessageRepeated,
    NoSenderKey,
    SenderKeyRing,
    SignalDevice,
    pad,
    unpad,
)

VECTORS = json.loads((Path(__file__).parent / "vectors" / "sender_keys.json").read_text())
GROUP = "120363000000000001@g.us"


@pytest.fixture
def ana():
    return SenderKeyRing(Random(1))


@pytest.fixture
def bia():
    return SenderKeyRing(Random(2))


def test_messages_of_libsignal_are_read_out_of_order():
    ring, theirs = SenderKeyRing(Random(1)), VECTORS["theirs"]
    ring.accept(GROUP, "member", bytes.fromhex(theirs["distribution"]))
    for message in reversed(theirs["messages"]):
        plaintext = ring.decrypt(GROUP, "member", bytes.fromhex(message["data"]))
        assert unpad(plaintext).decode() == message["text"]


def test_our_messages_are_the_ones_that_libsignal_read():
    device, ours = SignalDevice(KeyStream(b"\x04" * 32)), VECTORS["ours"]
    assert device.groups.distribution("g@g.us").hex() == ours["distribution"]
    for message in ours["messages"]:
        padded = pad(message["text"].encode(), device.random)
        assert device.groups.encrypt("g@g.us", padded).hex() == message["data"]


@given(st.permutations(range(8)))
@settings(deadline=None)
def test_messages_are_read_in_any_order(order):
    ana, bia = SenderKeyRing(Random(1)), SenderKeyRing(Random(2))
    bia.accept(GROUP, "ana", ana.distribution(GROUP))
    sent = [ana.encrypt(GROUP, b"%d" % number) for number in range(8)]
    assert [bia.decrypt(GROUP, "ana", sent[number]) for number in order] == [b"%d" % number for number in order]


def test_a_repeated_message_says_so(ana, bia):
    bia.accept(GROUP, "ana", ana.distribution(GROUP))
    sent = ana.encrypt(GROUP, b"text")
    bia.decrypt(GROUP, "ana", sent)
    with pytest.raises(MessageRepeated):
        bia.decrypt(GROUP, "ana", sent)


def test_a_member_without_the_distribution_cannot_read(ana, bia):
    with pytest.raises(NoSenderKey):
        bia.decrypt(GROUP, "ana", ana.encrypt(GROUP, b"text"))


def test_a_late_member_reads_from_its_distribution_on(ana, bia):
    early = ana.encrypt(GROUP, b"early")
    bia.accept(GROUP, "ana", ana.distribution(GROUP))
    assert bia.decrypt(GROUP, "ana", ana.encrypt(GROUP, b"text")) == b"text"
    with pytest.raises(MessageRepeated):
        bia.decrypt(GROUP, "ana", early)


def test_a_rotated_key_is_unknown_until_it_is_distributed(ana, bia):
    bia.accept(GROUP, "ana", ana.distribution(GROUP))
    ana.rotate(GROUP)
    sent = ana.encrypt(GROUP, b"text")
    with pytest.raises(NoSenderKey):
        bia.decrypt(GROUP, "ana", sent)


def test_a_message_of_the_key_before_is_still_read(ana, bia):
    bia.accept(GROUP, "ana", ana.distribution(GROUP))
    late = ana.encrypt(GROUP, b"late")
    ana.rotate(GROUP)
    bia.accept(GROUP, "ana", ana.distribution(GROUP))
    assert bia.decrypt(GROUP, "ana", late) == b"late"


@pytest.mark.parametrize("at", [1, -70, -1], ids=["fields", "ciphertext", "signature"])
def test_a_corrupt_message_is_refused_and_harms_nothing(ana, bia, at):
    bia.accept(GROUP, "ana", ana.distribution(GROUP))
    sent = ana.encrypt(GROUP, b"text")
    corrupt = bytearray(sent)
    corrupt[at] ^= 1
    with pytest.raises((InvalidMessage, NoSenderKey)):
        bia.decrypt(GROUP, "ana", bytes(corrupt))
    assert bia.decrypt(GROUP, "ana", sent) == b"text"


@pytest.mark.parametrize("data", [b"", b"3", b"\x33\x1a\x01k", b"\x23"])
def test_bytes_that_are_no_distribution_are_refused(ana, data):
    with pytest.raises(InvalidMessage):
        ana.accept(GROUP, "member", data)


def test_a_ring_survives_being_written_down(ana, bia):
    bia.accept(GROUP, "ana", ana.distribution(GROUP))
    late, sent = ana.encrypt(GROUP, b"late"), ana.encrypt(GROUP, b"text")
    bia.decrypt(GROUP, "ana", sent)
    bia.distribution(GROUP)
    written = json.dumps(bia.to_state())
    again = SenderKeyRing.from_state(json.loads(written), Random(3))
    assert json.dumps(again.to_state()) == written
    assert again.decrypt(GROUP, "ana", late) == b"late"
