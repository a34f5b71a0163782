"""Sender keys: one chain per group member, known to all members, so that a group message is encrypted once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from recado_simulator.keys import (
    SIGNATURE_SIZE,
    KeyPair,
    RandomSource,
    decrypt_cbc,
    encrypt_cbc,
    hkdf,
    prefixed,
    verify,
)
from recado_simulator.protobuf import encode
from recado_simulator.signal.chains import ChainKey, ReceivingChain
from recado_simulator.signal.errors import InvalidMessage, NoSenderKey
from recado_simulator.signal.messages import VERSION_BYTE, binary, public_key, uint32, versioned

MAX_KEYS_OF_A_MEMBER = 5
CHAIN_KEY_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """The key this device writes to a group with."""

    id: int
    chain: ChainKey
    signing: KeyPair


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberKey:
    """A key that a member writes with, as its readers hold it."""

    id: int
    chain: ReceivingChain
    signing: bytes


class SenderKeyRing:
    """A device's sender keys: its own, one per group, and those of the members it reads."""

    def __init__(self, random: RandomSource) -> None:
        self._random = random
        self._own: dict[str, OwnKey] = {}
        self._members: dict[tuple[str, str], tuple[MemberKey, ...]] = {}

    def distribution(self, group: str) -> bytes:
        """The SenderKeyDistributionMessage that lets a member read this device from its next message on."""
        own = self._own_key(group)
        return VERSION_BYTE + encode(
            ((1, own.id), (2, own.chain.index), (3, own.chain.key), (4, prefixed(own.signing.public)))
        )

    def encrypt(self, group: str, plaintext: bytes) -> bytes:
        """A SenderKeyMessage with `plaintext` (already padded) for everyone who has the distribution."""
        own = self._own_key(group)
        iv, cipher_key = _message_keys(own.chain.seed)
        fields = ((1, own.id), (2, own.chain.index), (3, encrypt_cbc(cipher_key, iv, plaintext)))
        unsigned = VERSION_BYTE + encode(fields)
        self._own[group] = replace(own, chain=own.chain.next)
        return unsigned + own.signing.sign(unsigned, self._random)

    def rotate(self, group: str) -> None:
        """Forgets the own key: the next message needs a new distribution (somebody has left the group)."""
        self._own.pop(group, None)

    def accept(self, group: str, member: str, distribution: bytes) -> None:
        """Learns a member's key from its distribution message. Raises InvalidMessage."""
        fields = versioned(distribution)
        head = ChainKey(key=binary(fields, 3), index=uint32(fields, 2))
        if len(head.key) != CHAIN_KEY_SIZE:
            raise InvalidMessage(f"a chain key has {CHAIN_KEY_SIZE} bytes, not {len(head.key)}")
        key = MemberKey(id=uint32(fields, 1), chain=ReceivingChain(head=head), signing=public_key(fields, 4))
        earlier = (known for known in self._members.get((group, member), ()) if known.id != key.id)
        self._members[group, member] = (key, *earlier)[:MAX_KEYS_OF_A_MEMBER]

    def decrypt(self, group: str, member: str, data: bytes) -> bytes:
        """The plaintext (still padded) of a member's SenderKeyMessage.

        Raises NoSenderKey, MessageRepeated or InvalidMessage, and then nothing has changed.
        """
        unsigned, signature = data[:-SIGNATURE_SIZE], data[-SIGNATURE_SIZE:]
        fields = versioned(unsigned)
        id, keys = uint32(fields, 1), self._members.get((group, member), ())
        key = next((known for known in keys if known.id == id), None)
        if key is None:
            raise NoSenderKey(f"no sender key {id} of {member} in {group}")
        if not verify(key.signing, unsigned, signature):
            raise InvalidMessage("the group message's signature is wrong")
        seed, chain = key.chain.take(uint32(fields, 2))
        iv, cipher_key = _message_keys(seed)
        try:
            plaintext = decrypt_cbc(cipher_key, iv, binary(fields, 3))
        except ValueError as error:
            raise InvalidMessage("the ciphertext's length or padding is wrong") from error
        read = replace(key, chain=chain)
        self._members[group, member] = tuple(read if known is key else known for known in keys)
        return plaintext

    def _own_key(self, group: str) -> OwnKey:
        if group not in self._own:
            self._own[group] = OwnKey(
                id=int.from_bytes(self._random.randbytes(4), "big") >> 1,
                chain=ChainKey(key=self._random.randbytes(CHAIN_KEY_SIZE)),
                signing=KeyPair.generate(self._random),
            )
        return self._own[group]

    def to_state(self) -> dict[str, Any]:
        """All of it as JSON values (keys in hex, private ones too)."""
        return {
            "own": {
                group: [own.id, own.chain.key.hex(), own.chain.index, own.signing.private.hex()]
                for group, own in self._own.items()
            },
            "members": [
                [group, member, [[key.id, key.chain.to_state(), key.signing.hex()] for key in keys]]
                for (group, member), keys in self._members.items()
            ],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], random: RandomSource) -> Self:
        ring = cls(random)
        for group, (id, key, index, signing) in state["own"].items():
            chain = ChainKey(key=bytes.fromhex(key), index=index)
            ring._own[group] = OwnKey(id=id, chain=chain, signing=KeyPair.from_private(bytes.fromhex(signing)))
        for group, member, keys in state["members"]:
            ring._members[group, member] = tuple(
                MemberKey(id=id, chain=ReceivingChain.from_state(chain), signing=bytes.fromhex(signing))
                for id, chain, signing in keys
            )
        return ring


def _message_keys(seed: bytes) -> tuple[bytes, bytes]:
    keys = hkdf(seed, info=b"WhisperGroup", size=48)
    return keys[:16], keys[16:]
