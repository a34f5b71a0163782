"""One device's end of its Signal sessions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

from recado_simulator.keys import KeyPair, RandomSource
from recado_simulator.signal.prekeys import PreKeyBundle, SignedPreKey

Kind = Literal["pkmsg", "msg"]
State = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ciphertext:
    """An encrypted message and the `type` its `<enc>` carries."""

    kind: Kind
    data: bytes


class SignalDevice:
    """Identity, prekeys and sessions by address; all randomness comes from a stream seeded once by `random`."""

    identity: KeyPair
    registration_id: int
    signed_prekey: SignedPreKey

    def __init__(self, random: RandomSource) -> None:
        raise NotImplementedError

    def bundle(self, *, one_time: bool = True) -> PreKeyBundle:
        """A bundle for one peer, with a one-time prekey of its own unless told otherwise."""
        raise NotImplementedError

    def encrypt(self, address: str, plaintext: bytes, bundle: PreKeyBundle | None = None) -> Ciphertext:
        """Encrypts for `address`; a bundle begins a new session. Raises NoSession, InvalidMessage (bad bundle)."""
        raise NotImplementedError

    def encrypt_many(
        self, address: str, plaintexts: Iterable[bytes], bundle: PreKeyBundle | None = None
    ) -> list[Ciphertext]:
        raise NotImplementedError

    def decrypt(self, address: str, kind: str, data: bytes) -> bytes:
        """Raises NoSession, MessageRepeated, UnknownPreKey or InvalidMessage, and then changes nothing."""
        raise NotImplementedError

    def has_session(self, address: str) -> bool:
        raise NotImplementedError

    def drop_session(self, address: str) -> None:
        raise NotImplementedError

    def to_state(self) -> State:
        raise NotImplementedError

    @classmethod
    def from_state(cls, state: State) -> Self:
        raise NotImplementedError
