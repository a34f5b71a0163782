"""How a session begins: the extended triple Diffie-Hellman of both sides (X3DH)."""

from __future__ import annotations

from collections.abc import Iterable

from recado_simulator.keys import KeyPair, RandomSource, hkdf
from recado_simulator.signal.chains import ChainKey, ReceivingChain
from recado_simulator.signal.errors import InvalidMessage
from recado_simulator.signal.messages import PreKeySignalMessage
from recado_simulator.signal.prekeys import PreKeyBundle
from recado_simulator.signal.session import Invitation, Session, root_step

DISCONTINUITY = b"\xff" * 32


def initiate(identity: KeyPair, bundle: PreKeyBundle, random: RandomSource) -> Session:
    """A session with the device that published `bundle`. Raises InvalidMessage for a bundle that does not hold."""
    bundle.check()
    base = KeyPair.generate(random)
    agreements = [(identity, bundle.signed_prekey), (base, bundle.identity), (base, bundle.signed_prekey)]
    if bundle.prekey is not None:
        agreements.append((base, bundle.prekey))
    root, first = _derive(agreements)
    ratchet = KeyPair.generate(random)
    root, sending = root_step(root, ratchet, bundle.signed_prekey)
    return Session(
        local_identity=identity.public,
        remote_identity=bundle.identity,
        base_key=base.public,
        root_key=root,
        ratchet=ratchet,
        sending=sending,
        receiving={bundle.signed_prekey: ReceivingChain(head=first)},
        invitation=Invitation(prekey_id=bundle.prekey_id, signed_prekey_id=bundle.signed_prekey_id),
    )


def respond(identity: KeyPair, signed_prekey: KeyPair, prekey: KeyPair | None, message: PreKeySignalMessage) -> Session:
    """The session that `message` begins, by the prekeys it names. Raises InvalidMessage for an unusable key."""
    agreements = [
        (signed_prekey, message.identity),
        (identity, message.base_key),
        (signed_prekey, message.base_key),
    ]
    if prekey is not None:
        agreements.append((prekey, message.base_key))
    root, sending = _derive(agreements)
    return Session(
        local_identity=identity.public,
        remote_identity=message.identity,
        base_key=message.base_key,
        root_key=root,
        ratchet=signed_prekey,
        sending=sending,
        receiving={},
    )


def _derive(agreements: Iterable[tuple[KeyPair, bytes]]) -> tuple[bytes, ChainKey]:
    try:
        secret = DISCONTINUITY + b"".join(ours.agree(theirs) for ours, theirs in agreements)
    except ValueError as error:
        raise InvalidMessage("a key of the peer is not usable") from error
    keys = hkdf(secret, info=b"WhisperText", size=64)
    return keys[:32], ChainKey(key=keys[32:])
