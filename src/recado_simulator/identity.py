"""How a phone vouches for its linked devices: the signed device identities and key index lists of pairing."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Self

from recado_simulator.keys import KeyPair, RandomSource, hmac_sha256, verify
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

ACCOUNT_SIGNATURE_PREFIX = b"\x06\x00"
DEVICE_SIGNATURE_PREFIX = b"\x06\x01"
KEY_INDEX_LIST_PREFIX = b"\x06\x02"


class IdentityRefused(ValueError):
    """A device identity is malformed or does not bear the signature it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDetails:
    """ADVDeviceIdentity: which of the account's devices this is; `timestamp` in seconds since 1970."""

    raw_id: int
    timestamp: int
    key_index: int

    def encode(self) -> bytes:
        return encode([(1, self.raw_id), (2, self.timestamp), (3, self.key_index)])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        fields = _decode(data)
        numbers = [int_of(fields, number) or 0 for number in (1, 2, 3)]
        return cls(raw_id=numbers[0], timestamp=numbers[1], key_index=numbers[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDeviceIdentity:
    """ADVSignedDeviceIdentity: details with the account's signature (64 bytes) and, after pairing, the device's."""

    details: bytes
    account_key: bytes | None
    account_signature: bytes
    device_signature: bytes | None = None

    def encode(self) -> bytes:
        values = (self.details, self.account_key, self.account_signature, self.device_signature)
        return encode(enumerate(values, start=1))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Raises IdentityRefused."""
        fields = _decode(data)
        try:
            return cls(
                details=required_bytes(fields, 1),
                account_key=bytes_of(fields, 2),
                account_signature=required_bytes(fields, 3),
                device_signature=bytes_of(fields, 4),
            )
        except MalformedProtobuf as error:
            raise IdentityRefused(str(error)) from error

    def seal(self, adv_secret: bytes) -> bytes:
        """ADVSignedDeviceIdentityHMAC: what `pair-success` carries as `device-identity`."""
        signed = self.encode()
        return encode([(1, signed), (2, hmac_sha256(adv_secret, signed))])


def sign_device(account: KeyPair, device: bytes, details: DeviceDetails, random: RandomSource) -> SignedDeviceIdentity:
    """The account's word that `device` (its bare identity key) is one of its devices."""
    encoded = details.encode()
    signature = account.sign(ACCOUNT_SIGNATURE_PREFIX + encoded + device, random)
    return SignedDeviceIdentity(details=encoded, account_key=account.public, account_signature=signature)


def unseal(data: bytes, adv_secret: bytes) -> SignedDeviceIdentity:
    """The inverse of `SignedDeviceIdentity.seal`. Raises IdentityRefused when the HMAC is not of this secret."""
    fields = _decode(data)
    signed, mac = bytes_of(fields, 1) or b"", bytes_of(fields, 2) or b""
    if not hmac.compare_digest(mac, hmac_sha256(adv_secret, signed)):
        raise IdentityRefused("the HMAC is not made with this adv secret")
    return SignedDeviceIdentity.decode(signed)


def check_account_signature(identity: SignedDeviceIdentity, account_key: bytes, device: bytes) -> None:
    """Raises IdentityRefused unless the account has signed for the device's bare identity key."""
    message = ACCOUNT_SIGNATURE_PREFIX + identity.details + device
    if not verify(account_key, message, identity.account_signature):
        raise IdentityRefused("the account has not signed this device identity")


def check_device_signature(identity: SignedDeviceIdentity, account_key: bytes, device: bytes) -> None:
    """Raises IdentityRefused unless both have signed: the account, and the device the account's key.

    `account_key` is given apart because `pair-device-sign` carries the identity without it.
    """
    check_account_signature(identity, account_key, device)
    message = DEVICE_SIGNATURE_PREFIX + identity.details + device + account_key
    if not verify(device, message, identity.device_signature or b""):
        raise IdentityRefused("the device has not signed its identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyIndexList:
    """ADVKeyIndexList: which device key indexes of an account are valid; `timestamp` in seconds since 1970."""

    raw_id: int
    timestamp: int
    current_index: int
    valid_indexes: tuple[int, ...]

    @classmethod
    def decode(cls, signed: bytes, account_key: bytes) -> Self:
        """Reads an ADVSignedKeyIndexList. Raises IdentityRefused unless the account has signed it."""
        outer = _decode(signed)
        details = bytes_of(outer, 1) or b""
        if not verify(account_key, KEY_INDEX_LIST_PREFIX + details, bytes_of(outer, 2) or b""):
            raise IdentityRefused("the account has not signed this key index list")
        fields = _decode(details)
        raw_id, timestamp, current = (int_of(fields, number) or 0 for number in (1, 2, 3))
        valid = tuple(unpack(bytes_of(fields, 4) or b""))
        return cls(raw_id=raw_id, timestamp=timestamp, current_index=current, valid_indexes=valid)

    def sign(self, account: KeyPair, random: RandomSource) -> bytes:
        """ADVSignedKeyIndexList: what usync answers as `key-index-list`."""
        details = encode(
            [(1, self.raw_id), (2, self.timestamp), (3, self.current_index), (4, pack(self.valid_indexes))]
        )
        signature = account.sign(KEY_INDEX_LIST_PREFIX + details, random)
        return encode([(1, details), (2, signature), (3, account.public)])


def _decode(data: bytes) -> dict[int, list[int | bytes]]:
    try:
        return decode(data)
    except MalformedProtobuf as error:
        raise IdentityRefused(str(error)) from error
