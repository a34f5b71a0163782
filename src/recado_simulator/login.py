"""The client payload: what a client asks for at the end of the handshake."""

from __future__ import annotations

from dataclasses import dataclass

from recado_simulator import protobuf
from recado_simulator.protobuf import int_of, required_bytes

USERNAME, DEVICE, REGISTRATION = 1, 18, 19


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPrekey:
    """A signed prekey as it travels: the id (24 bits), the bare public key, the 64-byte signature."""

    id: int
    public: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A linked device that comes back: the account's digits and the device's number."""

    phone: str
    device: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A device that wants to be paired, with the keys it will have."""

    registration_id: int
    identity_key: bytes
    signed_prekey: SignedPrekey


def read_payload(payload: bytes) -> Login | Registration:
    """Reads a ClientPayload. Raises MalformedProtobuf when it is neither of the two."""
    fields = protobuf.decode(payload)
    username = int_of(fields, USERNAME)
    if username is not None:
        return Login(phone=str(username), device=int_of(fields, DEVICE) or 0)
    pairing = protobuf.decode(required_bytes(fields, REGISTRATION))
    return Registration(
        registration_id=int.from_bytes(required_bytes(pairing, 1)),
        identity_key=required_bytes(pairing, 3),
        signed_prekey=SignedPrekey(
            id=int.from_bytes(required_bytes(pairing, 4)),
            public=required_bytes(pairing, 5),
            signature=required_bytes(pairing, 6),
        ),
    )
