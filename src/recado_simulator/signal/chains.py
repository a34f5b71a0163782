"""Symmetric chains: one key after another, each giving one message its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Self

from recado_simulator.keys import hkdf, hmac_sha256
from recado_simulator.signal.errors import InvalidMessage, MessageRepeated

MAX_SKIPPED = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainKey:
    """The chain's key (32 bytes) for the message number `index`."""

    key: bytes
    index: int = 0

    @property
    def seed(self) -> bytes:
        """What this message's keys are derived from."""
        return hmac_sha256(self.key, b"\x01")

    @property
    def next(self) -> ChainKey:
        return ChainKey(key=hmac_sha256(self.key, b"\x02"), index=self.index + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKeys:
    """What encrypts and authenticates one message of a session."""

    cipher_key: bytes
    mac_key: bytes
    iv: bytes

    @classmethod
    def derive(cls, seed: bytes) -> Self:
        keys = hkdf(seed, info=b"WhisperMessageKeys", size=80)
        return cls(cipher_key=keys[:32], mac_key=keys[32:64], iv=keys[64:])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivingChain:
    """A chain as its reader holds it: the key of the next message, and the seeds of those not yet seen."""

    head: ChainKey
    skipped: Mapping[int, bytes] = field(default_factory=dict)

    def take(self, counter: int) -> tuple[bytes, ReceivingChain]:
        """The seed of message `counter`, and the chain without it.

        Raises MessageRepeated if it was taken, InvalidMessage if it is more than 2000 ahead.
        """
        if counter < self.head.index:
            return self._take_skipped(counter)
        if counter - self.head.index > MAX_SKIPPED:
            raise InvalidMessage(f"message {counter} is too far ahead of {self.head.index}")
        head, passed = self.head, {}
        while head.index < counter:
            passed[head.index] = head.seed
            head = head.next
        return head.seed, ReceivingChain(head=head.next, skipped=self._kept(passed) if passed else self.skipped)

    def _take_skipped(self, counter: int) -> tuple[bytes, ReceivingChain]:
        if counter not in self.skipped:
            raise MessageRepeated(f"message {counter} of this chain was decrypted before, or is too old")
        left = {index: seed for index, seed in self.skipped.items() if index != counter}
        return self.skipped[counter], ReceivingChain(head=self.head, skipped=left)

    def _kept(self, passed: dict[int, bytes]) -> Mapping[int, bytes]:
        both = {**self.skipped, **passed}
        return dict(islice(both.items(), max(len(both) - MAX_SKIPPED, 0), None))

    def to_state(self) -> dict[str, Any]:
        return {
            "key": self.head.key.hex(),
            "index": self.head.index,
            "skipped": {str(index): seed.hex() for index, seed in self.skipped.items()},
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        skipped = {int(index): bytes.fromhex(seed) for index, seed in state["skipped"].items()}
        return cls(head=ChainKey(key=bytes.fromhex(state["key"]), index=state["index"]), skipped=skipped)
