"""One Double Ratchet session: a value; encrypting and decrypting give the next one."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from typing import Any, Self

from recado_simulator.keys import KeyPair, RandomSource, decrypt_cbc, encrypt_cbc, hkdf, hmac_sha256, prefixed
from recado_simulator.signal.chains import ChainKey, MessageKeys, ReceivingChain
from recado_simulator.signal.errors import InvalidMessage
from recado_simulator.signal.messages import MAC_SIZE, SignalMessage

MAX_RECEIVING_CHAINS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What every message of a new session repeats until the peer has answered."""

    prekey_id: int | None
    signed_prekey_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Public keys are bare 32 bytes; `base_key`, the initiator's, names the session on both sides.

    `receiving` holds the peer's chains by their ratchet key, newest last.
    """

    local_identity: bytes
    remote_identity: bytes
    base_key: bytes
    root_key: bytes
    ratchet: KeyPair
    sending: ChainKey
    receiving: dict[bytes, ReceivingChain]
    previous_counter: int = 0
    invitation: Invitation | None = None

    def encrypt(self, plaintext: bytes) -> tuple[Session, bytes]:
        """The next session and an encoded SignalMessage."""
        keys = MessageKeys.derive(self.sending.seed)
        unsigned = SignalMessage(
            ratchet_key=self.ratchet.public,
            counter=self.sending.index,
            previous_counter=self.previous_counter,
            ciphertext=encrypt_cbc(keys.cipher_key, keys.iv, plaintext),
        ).unsigned()
        mac = _mac(keys, self.local_identity, self.remote_identity, unsigned)
        return replace(self, sending=self.sending.next), unsigned + mac

    def decrypt(self, message: SignalMessage, random: RandomSource) -> tuple[Session, bytes]:
        """The next session and the plaintext; `random` gives the next ratchet key when the peer's has changed.

        Raises MessageRepeated or InvalidMessage.
        """
        session = self if message.ratchet_key in self.receiving else self._stepped(message.ratchet_key, random)
        seed, chain = session.receiving[message.ratchet_key].take(message.counter)
        keys = MessageKeys.derive(seed)
        mac = _mac(keys, self.remote_identity, self.local_identity, message.signed)
        if not hmac.compare_digest(mac, message.mac):
            raise InvalidMessage("the message's MAC is wrong")
        try:
            plaintext = decrypt_cbc(keys.cipher_key, keys.iv, message.ciphertext)
        except ValueError as error:
            raise InvalidMessage("the ciphertext's length or padding is wrong") from error
        receiving = {**session.receiving, message.ratchet_key: chain}
        return replace(session, receiving=receiving, invitation=None), plaintext

    def _stepped(self, their_ratchet: bytes, random: RandomSource) -> Session:
        root, receiving = root_step(self.root_key, self.ratchet, their_ratchet)
        ratchet = KeyPair.generate(random)
        root, sending = root_step(root, ratchet, their_ratchet)
        chains = {**self.receiving, their_ratchet: ReceivingChain(head=receiving)}
        if len(chains) > MAX_RECEIVING_CHAINS:
            del chains[next(iter(chains))]
        return replace(
            self,
            root_key=root,
            ratchet=ratchet,
            sending=sending,
            receiving=chains,
            previous_counter=max(self.sending.index - 1, 0),
        )

    def to_state(self) -> dict[str, Any]:
        invited = self.invitation
        return {
            "local_identity": self.local_identity.hex(),
            "remote_identity": self.remote_identity.hex(),
            "base_key": self.base_key.hex(),
            "root_key": self.root_key.hex(),
            "ratchet": self.ratchet.private.hex(),
            "sending": [self.sending.key.hex(), self.sending.index],
            "receiving": {key.hex(): chain.to_state() for key, chain in self.receiving.items()},
            "previous_counter": self.previous_counter,
            "invitation": invited and [invited.prekey_id, invited.signed_prekey_id],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        (key, index), invited = state["sending"], state["invitation"]
        receiving = state["receiving"].items()
        return cls(
            local_identity=bytes.fromhex(state["local_identity"]),
            remote_identity=bytes.fromhex(state["remote_identity"]),
            base_key=bytes.fromhex(state["base_key"]),
            root_key=bytes.fromhex(state["root_key"]),
            ratchet=KeyPair.from_private(bytes.fromhex(state["ratchet"])),
            sending=ChainKey(key=bytes.fromhex(key), index=index),
            receiving={bytes.fromhex(theirs): ReceivingChain.from_state(chain) for theirs, chain in receiving},
            previous_counter=state["previous_counter"],
            invitation=invited and Invitation(prekey_id=invited[0], signed_prekey_id=invited[1]),
        )


def root_step(root_key: bytes, ours: KeyPair, theirs: bytes) -> tuple[bytes, ChainKey]:
    """The next root key and a new chain, from one Diffie-Hellman. Raises InvalidMessage for an unusable key."""
    try:
        shared = ours.agree(theirs)
    except ValueError as error:
        raise InvalidMessage("the ratchet key is not usable") from error
    keys = hkdf(shared, salt=root_key, info=b"WhisperRatchet", size=64)
    return keys[:32], ChainKey(key=keys[32:])


def _mac(keys: MessageKeys, sender: bytes, receiver: bytes, unsigned: bytes) -> bytes:
    return hmac_sha256(keys.mac_key, prefixed(sender) + prefixed(receiver) + unsigned)[:MAC_SIZE]
