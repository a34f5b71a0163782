"""The binary XML."""

from __future__ import annotations

import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado_simulator.codec import Codec, CodecError
from recado_simulator.jid import Jid
from recado_simulator.node import Node
from recado_simulator.tokens import Tokens, TokensMissing

codec = Codec(Tokens.load())

digits = st.text("0123456789", min_size=1, max_size=15)
texts = st.one_of(
    st.text(),
    digits,
    st.text("0123456789ABCDEF", max_size=130),
    st.text("0123456789-.", max_size=130),
    st.sampled_from(["message", "receipt", "s.whatsapp.net", "pair-device", "critical_block"]),
)
jids = st.builds(Jid, digits, st.sampled_from(["s.whatsapp.net", "lid"]), st.integers(0, 255)) | st.builds(
    Jid, st.sampled_from(["", "12036302"]), st.sampled_from(["g.us", "s.whatsapp.net"]), st.just(0)
)
tags = texts.filter(bool)
leaves = st.builds(Node, tags, st.dictionaries(tags, texts | jids, max_size=4), st.none() | st.binary())
nodes = st.recursive(
    leaves, lambda inner: st.builds(Node, tags, st.just({}), st.lists(inner, min_size=1, max_size=4)), max_leaves=8
)


@given(nodes)
def test_what_is_encoded_decodes_to_the_same_node(node):
    assert codec.decode(codec.encode(node)) == node


@given(st.binary(max_size=200))
def test_bytes_that_are_no_node_raise_nothing_but_codec_errors(data):
    with suppress(CodecError):
        codec.decode(b"\0" + data)


def test_a_jid_of_a_device_is_written_as_one():
    encoded = codec.encode(Node("message", {"to": Jid("5511999990001", "s.whatsapp.net", 3)}))

    assert encoded[5:8] == bytes((247, 0, 3))


def test_a_lid_of_a_device_has_agent_one():
    encoded = codec.encode(Node("message", {"to": Jid("100200300", "lid", 3)}))

    assert encoded[5:8] == bytes((247, 1, 3))


def test_a_known_string_takes_one_byte():
    assert codec.encode(Node("message")) == bytes((0, 248, 1, 19))


@pytest.mark.parametrize("size", [255, 256, (1 << 20) - 1, 1 << 20])
def test_content_of_any_length_comes_back(size):
    node = Node("enc", {}, b"x" * size)

    assert codec.decode(codec.encode(node)) == node


def test_more_than_255_children_come_back():
    node = Node("list", {}, [Node("item", {"id": str(n)}) for n in range(300)])

    assert codec.decode(codec.encode(node)) == node


def test_a_compressed_node_is_read():
    plain = codec.encode(Node("message", {"id": "3EB0"}))

    assert codec.decode(b"\x02" + zlib.compress(plain[1:])) == Node("message", {"id": "3EB0"})


def test_an_attribute_is_added_to_an_encoded_node():
    node = Node("message", {"id": "3EB0"}, [Node("enc", {}, b"x")])

    added = codec.decode(codec.with_attribute(codec.encode(node), "offline", "1"))

    assert added == node._replace(attrs={"offline": "1", "id": "3EB0"})


def test_a_device_of_what_has_no_devices_cannot_be_written():
    with pytest.raises(CodecError, match=r"12036302:3@g\.us"):
        codec.encode(Node("message", {"to": Jid("12036302", "g.us", 3)}))


def test_missing_dictionaries_name_the_command_that_makes_them(tmp_path):
    with pytest.raises(TokensMissing, match="recado-whatsmeow tokens >"):
        Tokens.load({"RECADO_SIMULATOR_TOKENS": str(tmp_path / "none.json")})
