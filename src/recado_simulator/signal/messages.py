"""The two messages of a session as they travel: SignalMessage and PreKeySignalMessage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from recado_simulator.keys import prefixed, unprefixed
from recado_simulator.protobuf import Fields, MalformedProtobuf, bytes_of, decode, encode, int_of, required_bytes
from recado_simulator.signal.errors import InvalidMessage

VERSION = 3
VERSION_BYTE = bytes((VERSION << 4 | VERSION,))
MAC_SIZE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalMessage:
    """One ratchet message; `signed` is what its MAC covers, `ratchet_key` the sender's bare public key."""

    ratchet_key: bytes
    counter: int
    previous_counter: int
    ciphertext: bytes
    signed: bytes = b""
    mac: bytes = b""

    def unsigned(self) -> bytes:
        """The message without its MAC. All fields are written, in order: some peers encode again to check the MAC."""
        fields = ((1, prefixed(self.ratchet_key)), (2, self.counter), (3, self.previous_counter), (4, self.ciphertext))
        return VERSION_BYTE + encode(fields)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Raises InvalidMessage."""
        signed, mac = data[:-MAC_SIZE], data[-MAC_SIZE:]
        fields = versioned(signed)
        return cls(
            ratchet_key=public_key(fields, 1),
            counter=uint32(fields, 2),
            previous_counter=uint32(fields, 3),
            ciphertext=binary(fields, 4),
            signed=signed,
            mac=mac,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PreKeySignalMessage:
    """A ratchet message with what its reader needs to begin the session; public keys are bare."""

    registration_id: int
    prekey_id: int | None
    signed_prekey_id: int
    base_key: bytes
    identity: bytes
    message: bytes

    def encode(self) -> bytes:
        return VERSION_BYTE + encode(
            (
                (1, self.prekey_id),
                (2, prefixed(self.base_key)),
                (3, prefixed(self.identity)),
                (4, self.message),
                (5, self.registration_id),
                (6, self.signed_prekey_id),
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Raises InvalidMessage."""
        fields = versioned(data)
        return cls(
            registration_id=uint32(fields, 5),
            prekey_id=uint32(fields, 1) or None,
            signed_prekey_id=uint32(fields, 6),
            base_key=public_key(fields, 2),
            identity=public_key(fields, 3),
            message=binary(fields, 4),
        )


def versioned(data: bytes) -> Fields:
    """The fields behind a version byte whose high half is 3. Raises InvalidMessage."""
    if not data or data[0] >> 4 != VERSION:
        raise InvalidMessage("not a message of version 3")
    try:
        return decode(data[1:])
    except MalformedProtobuf as error:
        raise InvalidMessage(str(error)) from error


def binary(fields: Fields, number: int) -> bytes:
    """A bytes field that must be there. Raises InvalidMessage."""
    try:
        return required_bytes(fields, number)
    except MalformedProtobuf as error:
        raise InvalidMessage(str(error)) from error


def public_key(fields: Fields, number: int) -> bytes:
    """A 33-byte key field as its bare 32 bytes. Raises InvalidMessage."""
    try:
        return unprefixed(bytes_of(fields, number) or b"")
    except ValueError as error:
        raise InvalidMessage(str(error)) from error


def uint32(fields: Fields, number: int) -> int:
    """A 32-bit integer field, 0 when absent. Raises InvalidMessage."""
    try:
        value = int_of(fields, number) or 0
    except MalformedProtobuf as error:
        raise InvalidMessage(str(error)) from error
    if value >> 32:
        raise InvalidMessage(f"field {number} does not fit 32 bits")
    return value
