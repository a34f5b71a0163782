"""Pairing by code: the phone's side of what whatsmeow does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from recado_simulator.keys import KeyPair, KeyStream
from recado_simulator.link_code import LinkCodeRefused, answer_hello, normalized, unwrap, wrap

VECTOR = json.loads((Path(__file__).parent / "vectors" / "link_code.json").read_text())
WRAPPED = bytes.fromhex(VECTOR["wrapped_companion_ephemeral"])
BUNDLE = bytes.fromhex(VECTOR["wrapped_key_bundle"])
ACCOUNT = KeyPair.from_private(bytes.fromhex(VECTOR["account"]))
DEVICE = bytes.fromhex(VECTOR["device"])


@pytest.fixture(scope="module")
def hello():
    return answer_hello(VECTOR["code"], WRAPPED, ACCOUNT, KeyStream(b"\x06" * 32))


def test_the_answer_is_the_one_that_whatsmeow_understood(hello):
    assert hello.wrapped_ephemeral.hex() == VECTOR["wrapped_primary_ephemeral"]


def test_the_adv_secret_is_the_one_that_whatsmeow_derived(hello):
    assert hello.finish(BUNDLE, DEVICE).adv_secret.hex() == VECTOR["adv_secret"]


def test_the_wrong_code_is_noticed_when_the_device_finishes():
    hello = answer_hello("ABCD-EFGH", WRAPPED, ACCOUNT, KeyStream(b"\x06" * 32))
    with pytest.raises(LinkCodeRefused, match="another code"):
        hello.finish(BUNDLE, DEVICE)


def test_a_bundle_of_another_device_is_refused(hello):
    with pytest.raises(LinkCodeRefused, match="other identities"):
        hello.finish(BUNDLE, KeyPair.generate(Random(1)).public)


def test_a_bundle_for_another_phone_is_refused(hello):
    with pytest.raises(LinkCodeRefused, match="other identities"):
        replace(hello, identity=KeyPair.generate(Random(1))).finish(BUNDLE, DEVICE)


@pytest.mark.parametrize("size", [0, 44, 60, 155])
def test_a_truncated_bundle_is_refused(hello, size):
    with pytest.raises(LinkCodeRefused):
        hello.finish(BUNDLE[:size], DEVICE)


def test_a_wrapped_key_of_another_length_is_refused():
    with pytest.raises(LinkCodeRefused, match="80 bytes"):
        unwrap("ABCDEFGH", WRAPPED[:-1])


def test_a_wrapped_key_comes_out_again_by_the_same_code():
    assert unwrap("ABCDEFGH", wrap("ABCDEFGH", b"k" * 32, Random(1))) == b"k" * 32


@pytest.mark.parametrize("code", ["ABCD-EFGH", "abcdefgh", " ABCD EFGH "])
def test_a_code_is_read_however_it_is_typed(code):
    assert normalized(code) == "ABCDEFGH"


@pytest.mark.parametrize("code", ["", "ABCD-EFG", "ABCD-EFGHJ", "ABCD-EFG0", "ABCD-EFGI", "ABCD-EFGO", "ABCD-EFGU"])
def test_what_is_no_code_is_refused(code):
    with pytest.raises(LinkCodeRefused, match="eight"):
        normalized(code)
