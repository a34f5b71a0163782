"""Keys and signatures are those of WhatsApp's other clients."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from cryptography.exceptions import InvalidTag

from recado_simulator.keys import (
    KeyPair,
    KeyStream,
    crypt_ctr,
    decrypt_cbc,
    decrypt_gcm,
    encrypt_cbc,
    encrypt_gcm,
    hkdf,
    prefixed,
    unprefixed,
    verify,
)

SIGNATURES = json.loads((Path(__file__).parent / "vectors" / "keys.json").read_text())["signatures"]


@pytest.mark.parametrize("case", SIGNATURES, ids=lambda case: case["message"])
def test_a_signature_of_libsignal_verifies(case):
    public, signature = bytes.fromhex(case["public"]), bytes.fromhex(case["theirs"])
    assert verify(public, case["message"].encode(), signature)


@pytest.mark.parametrize("case", SIGNATURES, ids=lambda case: case["message"])
def test_our_signature_is_the_one_that_libsignal_accepted(case):
    pair = KeyPair.from_private(bytes.fromhex(case["private"]))
    assert pair.sign(case["message"].encode(), KeyStream(b"\x09" * 32)).hex() == case["ours"]


def test_the_signatures_cover_both_signs_of_the_edwards_key():
    assert {bytes.fromhex(case["ours"])[63] >> 7 for case in SIGNATURES} == {0, 1}


@pytest.mark.parametrize("case", SIGNATURES, ids=lambda case: case["message"])
def test_the_public_key_is_the_one_that_the_other_side_derives(case):
    assert KeyPair.from_private(bytes.fromhex(case["private"])).public.hex() == case["public"]


@pytest.mark.parametrize("bit", range(0, 512, 37))
def test_a_signature_with_one_flipped_bit_does_not_verify(bit):
    pair = KeyPair.generate(Random(1))
    signature = bytearray(pair.sign(b"message", Random(2)))
    signature[bit // 8] ^= 1 << bit % 8
    assert not verify(pair.public, b"message", bytes(signature))


def test_a_signature_of_another_message_does_not_verify():
    pair = KeyPair.generate(Random(1))
    assert not verify(pair.public, b"other", pair.sign(b"message", Random(2)))


def test_a_signature_of_the_wrong_length_does_not_verify():
    pair = KeyPair.generate(Random(1))
    assert not verify(pair.public, b"message", pair.sign(b"message", Random(2))[:-1])


def test_both_sides_agree_on_one_secret():
    ours, theirs = KeyPair.generate(Random(1)), KeyPair.generate(Random(2))
    assert ours.agree(theirs.public) == theirs.agree(ours.public)


def test_a_key_of_small_order_gives_no_secret():
    with pytest.raises(ValueError, match="shared key"):
        KeyPair.generate(Random(1)).agree(bytes(32))


def test_equal_sources_give_equal_keys():
    assert KeyPair.generate(Random(5)).private == KeyPair.generate(Random(5)).private


def test_a_private_key_survives_being_written_down():
    pair = KeyPair.generate(Random(5))
    assert KeyPair.from_private(pair.private) == pair


def test_a_private_key_is_not_shown():
    pair = KeyPair.generate(Random(5))
    assert "handle" not in repr(pair)


def test_a_stream_continued_from_its_position_repeats_nothing():
    stream = KeyStream(b"seed")
    first = stream.randbytes(40)
    continued = KeyStream(stream.seed, stream.position)
    assert continued.randbytes(40) == stream.randbytes(40) != first


def test_a_prefixed_key_loses_its_prefix_again():
    assert unprefixed(prefixed(b"k" * 32)) == b"k" * 32


@pytest.mark.parametrize("key", [b"", b"\x05" + b"k" * 31, b"\x06" + b"k" * 32])
def test_what_is_no_prefixed_key_is_refused(key):
    with pytest.raises(ValueError, match="begins with 05"):
        unprefixed(key)


def test_hkdf_gives_the_first_case_of_rfc_5869():
    okm = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    salt, info = bytes.fromhex("000102030405060708090a0b0c"), bytes.fromhex("f0f1f2f3f4f5f6f7f8f9")
    assert hkdf(b"\x0b" * 22, salt=salt, info=info, size=42).hex() == okm


@pytest.mark.parametrize("size", [0, 15, 16, 100])
def test_cbc_decrypts_what_it_encrypted(size):
    key, iv = b"k" * 32, b"i" * 16
    assert decrypt_cbc(key, iv, encrypt_cbc(key, iv, b"p" * size)) == b"p" * size


@pytest.mark.parametrize("ciphertext", [b"", b"short", b"x" * 16])
def test_cbc_refuses_what_has_no_valid_padding(ciphertext):
    with pytest.raises(ValueError):  # noqa: PT011 - the library words length and padding differently
        decrypt_cbc(b"k" * 32, b"i" * 16, ciphertext)


def test_ctr_undoes_itself():
    assert crypt_ctr(b"k" * 32, b"i" * 16, crypt_ctr(b"k" * 32, b"i" * 16, b"text")) == b"text"


def test_gcm_decrypts_what_it_encrypted():
    key, nonce = b"k" * 32, b"n" * 12
    assert decrypt_gcm(key, nonce, encrypt_gcm(key, nonce, b"text", b"aad"), b"aad") == b"text"


def test_gcm_refuses_other_additional_data():
    key, nonce = b"k" * 32, b"n" * 12
    with pytest.raises(InvalidTag):
        decrypt_gcm(key, nonce, encrypt_gcm(key, nonce, b"text", b"aad"), b"other")
