"""Prekeys: what a device publishes so that others can write to it before it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from recado_simulator.keys import KeyPair, RandomSource, prefixed, verify
from recado_simulator.signal.errors import InvalidMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class PreKeyBundle:
    """One device's published keys: public keys are bare 32 bytes, ids 24-bit, the signature 64 bytes."""

    registration_id: int
    identity: bytes
    signed_prekey_id: int
    signed_prekey: bytes
    signed_prekey_signature: bytes
    prekey_id: int | None = None
    prekey: bytes | None = None

    def check(self) -> None:
        """Raises InvalidMessage unless the identity has signed the signed prekey."""
        if not verify(self.identity, prefixed(self.signed_prekey), self.signed_prekey_signature):
            raise InvalidMessage("the bundle's signed prekey does not bear the identity's signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPreKey:
    """A device's medium-term prekey with the identity's signature over its 33-byte public key."""

    id: int
    pair: KeyPair
    signature: bytes

    @classmethod
    def generate(cls, id: int, identity: KeyPair, random: RandomSource) -> Self:
        pair = KeyPair.generate(random)
        return cls(id=id, pair=pair, signature=identity.sign(prefixed(pair.public), random))

    def to_state(self) -> dict[str, Any]:
        return {"id": self.id, "private": self.pair.private.hex(), "signature": self.signature.hex()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        pair = KeyPair.from_private(bytes.fromhex(state["private"]))
        return cls(id=state["id"], pair=pair, signature=bytes.fromhex(state["signature"]))
