"""Signal sessions: readable by libsignal, in any order of arrival, across restarts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado_simulator.keys import KeyStream
from recado_simulator.signal import (
    InvalidMessage,
    MessageRepeated,
    NoSession,
    PreKeyBundle,
    SignalDevice,
    UnknownPreKey,
    pad,
    unpad,
)

VECTORS = json.loads((Path(__file__).parent / "vectors" / "signal.json").read_text())


@pytest.fixture
def ana():
    return SignalDevice(Random(1))


@pytest.fixture
def bia():
    return SignalDevice(Random(2))


def deliver(sender, receiver, plaintext=b"text", bundle=None):
    sent = sender.encrypt("peer", plaintext, bundle)
    assert receiver.decrypt("peer", sent.kind, sent.data) == plaintext
    return sent.kind


def meet(ana, bia):
    deliver(ana, bia, bundle=bia.bundle())
    deliver(bia, ana)


def read_bundle(written):
    return PreKeyBundle(**{key: bytes.fromhex(v) if isinstance(v, str) else v for key, v in written.items()})


def replay(device, steps, bundle=None):
    for step in steps:
        if step["does"] == "decrypt":
            plaintext = unpad(device.decrypt("peer", step["kind"], bytes.fromhex(step["data"])))
            assert plaintext.decode() == step["text"]
        else:
            sent = device.encrypt("peer", pad(step["text"].encode(), device.random), bundle)
            assert (sent.kind, sent.data.hex()) == (step["kind"], step["data"])
            bundle = None


def test_a_session_that_we_begin_is_the_one_that_libsignal_had():
    case = VECTORS["we_begin"]
    replay(SignalDevice(KeyStream(b"\x02" * 32)), case["steps"], read_bundle(case["bundle"]))


def test_a_session_that_libsignal_begins_is_read_and_answered():
    device, case = SignalDevice(KeyStream(b"\x03" * 32)), VECTORS["they_begin"]
    assert device.bundle() == read_bundle(case["bundle"])
    replay(device, case["steps"])


def test_every_message_is_a_pkmsg_until_the_peer_has_answered(ana, bia):
    first = deliver(ana, bia, bundle=bia.bundle())
    second = deliver(ana, bia)
    deliver(bia, ana)
    assert [first, second, deliver(ana, bia)] == ["pkmsg", "pkmsg", "msg"]


def test_a_session_begins_without_a_one_time_prekey(ana, bia):
    assert deliver(ana, bia, bundle=bia.bundle(one_time=False)) == "pkmsg"


def test_each_bundle_has_a_one_time_prekey_of_its_own(ana):
    assert ana.bundle().prekey != ana.bundle().prekey


def test_two_that_begin_at_once_understand_each_other(ana, bia):
    from_ana = ana.encrypt("peer", b"a", bia.bundle())
    from_bia = bia.encrypt("peer", b"b", ana.bundle())
    assert bia.decrypt("peer", from_ana.kind, from_ana.data) == b"a"
    assert ana.decrypt("peer", from_bia.kind, from_bia.data) == b"b"
    deliver(ana, bia)
    deliver(bia, ana)


def test_a_fresh_pkmsg_replaces_the_session(ana, bia):
    meet(ana, bia)
    deliver(bia, ana, bundle=ana.bundle())
    assert deliver(ana, bia) == "msg"


def test_a_message_of_the_session_before_is_still_read(ana, bia):
    meet(ana, bia)
    late = ana.encrypt("peer", b"late")
    deliver(ana, bia, bundle=bia.bundle())
    assert bia.decrypt("peer", late.kind, late.data) == b"late"


def test_the_answer_goes_out_in_the_session_that_the_peer_wrote_in(ana, bia):
    meet(ana, bia)
    ana.encrypt("peer", b"lost", bia.bundle())
    deliver(bia, ana)
    assert deliver(ana, bia) == "msg"


def test_a_peer_that_was_set_up_anew_is_trusted(ana, bia):
    meet(ana, bia)
    deliver(SignalDevice(Random(3)), ana, bundle=ana.bundle())


def test_a_repeated_message_says_so(ana, bia):
    meet(ana, bia)
    sent = ana.encrypt("peer", b"text")
    bia.decrypt("peer", sent.kind, sent.data)
    with pytest.raises(MessageRepeated):
        bia.decrypt("peer", sent.kind, sent.data)


def test_a_repeated_pkmsg_says_so(ana, bia):
    sent = ana.encrypt("peer", b"text", bia.bundle())
    bia.decrypt("peer", sent.kind, sent.data)
    with pytest.raises(MessageRepeated):
        bia.decrypt("peer", sent.kind, sent.data)


def test_a_message_without_a_session_says_so(ana, bia):
    meet(ana, bia)
    sent = ana.encrypt("peer", b"text")
    bia.drop_session("peer")
    assert not bia.has_session("peer")
    with pytest.raises(NoSession):
        bia.decrypt("peer", sent.kind, sent.data)


def test_encrypting_without_a_session_needs_a_bundle(ana):
    with pytest.raises(NoSession):
        ana.encrypt("peer", b"text")


def test_a_used_one_time_prekey_begins_no_second_session(ana, bia):
    bundle = bia.bundle()
    deliver(ana, bia, bundle=bundle)
    second = SignalDevice(Random(3)).encrypt("peer", b"text", bundle)
    with pytest.raises(UnknownPreKey):
        bia.decrypt("other", second.kind, second.data)


def test_a_bundle_with_a_foreign_signature_is_refused(ana, bia):
    bundle = replace(bia.bundle(), identity=ana.identity.public)
    with pytest.raises(InvalidMessage):
        ana.encrypt("peer", b"text", bundle)
    assert not ana.has_session("peer")


@pytest.mark.parametrize("at", [0, 5, -12, -1], ids=["version", "ratchet key", "ciphertext", "mac"])
def test_a_corrupt_message_is_refused_and_harms_nothing(ana, bia, at):
    meet(ana, bia)
    sent = ana.encrypt("peer", b"text")
    corrupt = bytearray(sent.data)
    corrupt[at] ^= 0x80
    with pytest.raises(InvalidMessage):
        bia.decrypt("peer", sent.kind, bytes(corrupt))
    assert bia.decrypt("peer", sent.kind, sent.data) == b"text"


def test_a_corrupt_pkmsg_does_not_use_up_its_prekey(ana, bia):
    sent = ana.encrypt("peer", b"text", bia.bundle())
    corrupt = sent.data[:-20] + bytes(20)
    with pytest.raises(InvalidMessage):
        bia.decrypt("peer", sent.kind, corrupt)
    assert bia.decrypt("peer", sent.kind, sent.data) == b"text"


@given(kind=st.sampled_from(["pkmsg", "msg"]), data=st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_bytes_that_are_no_message_are_refused(kind, data):
    ana, bia = SignalDevice(Random(1)), SignalDevice(Random(2))
    meet(ana, bia)
    with pytest.raises(InvalidMessage):
        bia.decrypt("peer", kind, data)
    with pytest.raises(InvalidMessage):
        bia.decrypt("peer", kind, b"3" + data)


def test_a_kind_that_is_not_a_sessions_is_refused(ana):
    with pytest.raises(InvalidMessage, match="skmsg"):
        ana.decrypt("peer", "skmsg", b"")


def test_a_message_too_far_ahead_is_refused(ana, bia):
    meet(ana, bia)
    sent = ana.encrypt_many("peer", [b"text"] * 2002)
    with pytest.raises(InvalidMessage):
        bia.decrypt("peer", sent[-1].kind, sent[-1].data)
    assert bia.decrypt("peer", sent[-2].kind, sent[-2].data) == b"text"


def test_the_oldest_of_too_many_skipped_messages_is_given_up(ana, bia):
    meet(ana, bia)
    sent = ana.encrypt_many("peer", [b"text"] * 2002)
    for at in (2000, 2001):
        bia.decrypt("peer", sent[at].kind, sent[at].data)
    assert bia.decrypt("peer", sent[0].kind, sent[0].data) == b"text"
    later = ana.encrypt_many("peer", [b"text"] * 3)
    bia.decrypt("peer", later[2].kind, later[2].data)
    with pytest.raises(MessageRepeated):
        bia.decrypt("peer", sent[1].kind, sent[1].data)


def test_encrypting_many_is_encrypting_one_after_another():
    one, many, bundle = SignalDevice(Random(1)), SignalDevice(Random(1)), SignalDevice(Random(2)).bundle()
    singly = [one.encrypt("peer", b"a", bundle), one.encrypt("peer", b"b")]
    assert many.encrypt_many("peer", [b"a", b"b"], bundle) == singly


def test_a_device_survives_being_written_down(ana, bia):
    meet(ana, bia)
    late = ana.encrypt("peer", b"late")
    deliver(ana, bia)
    written = json.dumps(bia.to_state())
    again = SignalDevice.from_state(json.loads(written))
    assert json.dumps(again.to_state()) == written
    assert again.decrypt("peer", late.kind, late.data) == b"late"
    deliver(again, ana)
    deliver(ana, again)


def test_a_device_written_down_before_the_answer_goes_on_inviting(ana, bia):
    ana.encrypt("peer", b"lost", bia.bundle())
    again = SignalDevice.from_state(ana.to_state())
    assert deliver(again, bia) == "pkmsg"


def test_a_bundle_given_out_before_the_device_was_written_down_still_begins_a_session(ana, bia):
    bundle = bia.bundle()
    deliver(ana, SignalDevice.from_state(bia.to_state()), bundle=bundle)


def test_equal_sources_make_equal_devices():
    assert SignalDevice(Random(7)).to_state() == SignalDevice(Random(7)).to_state()


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_messages_in_any_order_of_arrival_are_all_read_once(data):
    """Each side writes when it likes; what waits is read in any order, within one turn of the conversation."""
    sides = [SignalDevice(Random(1)), SignalDevice(Random(2))]
    bundle = sides[1].bundle()
    for turn in range(data.draw(st.integers(1, 8), label="turns")):
        sender, receiver = sides[turn % 2], sides[1 - turn % 2]
        count = data.draw(st.integers(1, 6), label="messages")
        texts = [b"%d of %d" % (number, turn) for number in range(count)]
        waiting = list(zip(texts, sender.encrypt_many("peer", texts, None if turn else bundle), strict=True))
        for text, sent in data.draw(st.permutations(waiting), label="order"):
            assert receiver.decrypt("peer", sent.kind, sent.data) == text
            with pytest.raises(MessageRepeated):
                receiver.decrypt("peer", sent.kind, sent.data)


@given(steps=st.lists(st.tuples(st.booleans(), st.sampled_from(["write", "read"])), max_size=60))
@settings(max_examples=40, deadline=None)
def test_messages_that_cross_each_other_are_all_read(steps):
    sides, waiting = [SignalDevice(Random(1)), SignalDevice(Random(2))], ([], [])
    for side in (0, 1):
        waiting[1 - side].append(sides[side].encrypt("peer", b"text", sides[1 - side].bundle()))
    for side, does in steps:
        if does == "write":
            waiting[1 - side].append(sides[side].encrypt("peer", b"text"))
        elif waiting[side]:
            sent = waiting[side].pop(0)
            assert sides[side].decrypt("peer", sent.kind, sent.data) == b"text"


@given(st.binary(max_size=100), st.integers(0, 255))
@settings(deadline=None)
def test_padding_comes_off_again(plaintext, first):
    class Fixed:
        def randbytes(self, n, /):
            return bytes([first]) * n

    padded = pad(plaintext, Fixed())
    assert 1 <= len(padded) - len(plaintext) <= 15
    assert unpad(padded) == plaintext


@pytest.mark.parametrize("padded", [b"", b"\x00", b"\x02", b"text\x02\x03\x03"])
def test_wrong_padding_is_refused(padded):
    with pytest.raises(InvalidMessage):
        unpad(padded)
