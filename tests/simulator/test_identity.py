"""Device identities: whatsmeow accepts what the phone signs, and the phone what whatsmeow signs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from recado_simulator.identity import (
    DeviceDetails,
    IdentityRefused,
    KeyIndexList,
    SignedDeviceIdentity,
    check_account_signature,
    check_device_signature,
    sign_device,
    unseal,
)
from recado_simulator.keys import KeyPair, KeyStream

VECTOR = json.loads((Path(__file__).parent / "vectors" / "identity.json").read_text())
ACCOUNT = KeyPair.from_private(bytes.fromhex(VECTOR["account"]))
DEVICE = bytes.fromhex(VECTOR["device"])
SECRET = bytes.fromhex(VECTOR["adv_secret"])
DETAILS = DeviceDetails(raw_id=77, timestamp=1_700_000_000, key_index=7)
CONFIRMED = SignedDeviceIdentity.decode(bytes.fromhex(VECTOR["pair_device_sign"]))


def test_the_sealed_identity_is_the_one_that_whatsmeow_accepted():
    stream = KeyStream(b"\x05" * 32)
    stream.randbytes(32 * 4)
    assert sign_device(ACCOUNT, DEVICE, DETAILS, stream).seal(SECRET).hex() == VECTOR["sealed"]


def test_the_device_signature_of_whatsmeow_is_accepted():
    check_device_signature(CONFIRMED, ACCOUNT.public, DEVICE)


def test_the_confirmed_details_are_those_that_the_phone_signed():
    assert DeviceDetails.decode(CONFIRMED.details) == DETAILS


def test_a_device_signature_for_another_account_is_refused():
    with pytest.raises(IdentityRefused):
        check_device_signature(CONFIRMED, KeyPair.generate(Random(1)).public, DEVICE)


def test_a_confirmed_identity_without_the_accounts_signature_is_refused():
    with pytest.raises(IdentityRefused, match="the account has not signed"):
        check_device_signature(replace(CONFIRMED, account_signature=bytes(64)), ACCOUNT.public, DEVICE)


def test_a_missing_device_signature_is_refused():
    with pytest.raises(IdentityRefused, match="the device has not signed"):
        check_device_signature(replace(CONFIRMED, device_signature=None), ACCOUNT.public, DEVICE)


def test_a_device_signature_with_one_flipped_bit_is_refused():
    signature = bytearray(CONFIRMED.device_signature)
    signature[0] ^= 1
    with pytest.raises(IdentityRefused, match="the device has not signed"):
        check_device_signature(replace(CONFIRMED, device_signature=bytes(signature)), ACCOUNT.public, DEVICE)


def test_an_identity_signed_for_another_device_is_refused():
    identity = sign_device(ACCOUNT, DEVICE, DETAILS, Random(1))
    with pytest.raises(IdentityRefused, match="the account has not signed"):
        check_account_signature(identity, ACCOUNT.public, KeyPair.generate(Random(2)).public)


def test_a_sealed_identity_opens_with_its_secret():
    identity = sign_device(ACCOUNT, DEVICE, DETAILS, Random(1))
    assert unseal(identity.seal(SECRET), SECRET) == identity


def test_a_sealed_identity_does_not_open_with_another_secret():
    with pytest.raises(IdentityRefused, match="HMAC"):
        unseal(bytes.fromhex(VECTOR["sealed"]), b"other")


@pytest.mark.parametrize("data", [b"", b"\x0a", b"\x08\x01"], ids=["empty", "truncated", "not bytes"])
def test_bytes_that_are_no_identity_are_refused(data):
    with pytest.raises(IdentityRefused):
        SignedDeviceIdentity.decode(data)


def test_a_key_index_list_is_read_back_as_it_was_signed():
    listed = KeyIndexList(raw_id=77, timestamp=1_700_000_000, current_index=300, valid_indexes=(0, 7, 300))
    assert KeyIndexList.decode(listed.sign(ACCOUNT, Random(1)), ACCOUNT.public) == listed


def test_a_key_index_list_of_another_account_is_refused():
    listed = KeyIndexList(raw_id=77, timestamp=1_700_000_000, current_index=1, valid_indexes=(0, 1))
    with pytest.raises(IdentityRefused):
        KeyIndexList.decode(listed.sign(ACCOUNT, Random(1)), KeyPair.generate(Random(2)).public)
