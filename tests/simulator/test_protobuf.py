"""Fields go in and come out as they were; what is cut short is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado_simulator.protobuf import (
    MalformedProtobuf,
    bytes_of,
    decode,
    encode,
    int_of,
    pack,
    required_bytes,
    unpack,
)

numbers = st.integers(1, (1 << 29) - 1)
integers = st.integers(0, (1 << 64) - 1)
messages = st.lists(st.tuples(numbers, integers | st.binary(max_size=300)), max_size=20)


@given(messages)
@settings(deadline=None)
def test_a_message_decodes_to_the_fields_it_was_made_of(fields):
    expected = {}
    for number, value in fields:
        expected.setdefault(number, []).append(value)
    assert decode(encode(fields)) == expected


@given(messages.filter(bool), st.data())
@settings(deadline=None)
def test_a_message_cut_inside_a_field_is_refused(fields, data):
    whole, start = encode(fields), len(encode(fields[:-1]))
    cut = data.draw(st.integers(start + 1, len(whole) - 1))
    with pytest.raises(MalformedProtobuf):
        decode(whole[:cut])


@given(st.binary(max_size=100))
@settings(deadline=None)
def test_any_bytes_are_either_decoded_or_refused(data):
    try:
        fields = decode(data)
    except MalformedProtobuf:
        return
    assert sum(len(values) for values in fields.values()) <= len(data)


@given(st.lists(integers))
@settings(deadline=None)
def test_packed_integers_unpack_to_themselves(values):
    assert unpack(pack(values)) == values


def test_the_documented_example_has_its_documented_bytes():
    assert encode([(1, 150), (2, b"testing")]) == bytes.fromhex("089601120774657374696e67")


def test_a_field_of_none_is_left_out():
    assert encode([(1, None), (2, 7)]) == encode([(2, 7)])


def test_fixed_fields_come_as_their_raw_bytes():
    assert decode(bytes.fromhex("0d01020304110102030405060708")) == {
        1: [bytes.fromhex("01020304")],
        2: [bytes.fromhex("0102030405060708")],
    }


def test_the_last_value_of_a_field_counts():
    assert int_of(decode(encode([(1, 5), (1, 6)])), 1) == 6


def test_an_absent_field_is_none():
    assert (int_of({}, 1), bytes_of({}, 1)) == (None, None)


def test_a_missing_required_field_is_refused():
    with pytest.raises(MalformedProtobuf, match="field 3 is missing"):
        required_bytes({}, 3)


def test_an_integer_where_bytes_are_expected_is_refused():
    with pytest.raises(MalformedProtobuf):
        bytes_of(decode(encode([(1, 5)])), 1)


def test_bytes_where_an_integer_is_expected_are_refused():
    with pytest.raises(MalformedProtobuf):
        int_of(decode(encode([(1, b"5")])), 1)


@pytest.mark.parametrize(
    "data",
    ["00", "0b", "08" + "80" * 10 + "01", "08ffffffffffffffffff02"],
    ids=["field zero", "group", "varint of 11 bytes", "varint over 64 bits"],
)
def test_what_cannot_be_a_field_is_refused(data):
    with pytest.raises(MalformedProtobuf):
        decode(bytes.fromhex(data))


@pytest.mark.parametrize("value", [-1, 1 << 64])
def test_an_integer_that_fits_no_varint_is_not_encoded(value):
    with pytest.raises(ValueError, match="64-bit"):
        encode([(1, value)])
