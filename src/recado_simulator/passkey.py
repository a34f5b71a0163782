"""The phone's side of linking with a passkey, as whatsmeow speaks it: nobody has seen WhatsApp's own."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b32encode, urlsafe_b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag

from recado_simulator.keys import KeyPair, RandomSource, decrypt_gcm, hkdf, hmac_sha256
from recado_simulator.node import Node
from recado_simulator.protobuf import MalformedProtobuf, decode, encode, int_of, required_bytes

KEY_SIZE, CODE_SIZE = 32, 5
HANDOFF_INFO = b"shortcake-passkey-handoff-v1"
REQUEST_INFO = b"Pairing Information Encryption Key"
_CODE_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "123456789ABCDEFGHJKLMNPQRSTVWXYZ")


class PasskeyRefused(ValueError):
    """What the device sent is not what a device that shows this QR code would send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prologue:
    """What a device has bound itself to: its ephemeral identity, and the hash that its nonce has to fit."""

    identity: bytes
    commitment: bytes

    @classmethod
    def read(cls, node: Node, adv_secret: bytes) -> Prologue:
        """From `passkey_prologue`, whose proof shows that the QR code was its own. Raises PasskeyRefused."""
        payload = _child(node, "prologue_payload")
        proof = hmac_sha256(hkdf(adv_secret, info=HANDOFF_INFO, size=KEY_SIZE), payload)
        if not hmac.compare_digest(proof, _child(node, "pairing_handoff_proof")):
            raise PasskeyRefused("the device that answers is not the one that shows the QR code")
        try:
            fields = decode(payload)
            return cls(
                identity=required_bytes(fields, 1), commitment=required_bytes(decode(required_bytes(fields, 2)), 1)
            )
        except MalformedProtobuf as error:
            raise PasskeyRefused(str(error)) from error


class PasskeyTurn:
    """One linking from the phone's hello on; `code` is what phone and device show when both know the nonces."""

    def __init__(self, prologue: Prologue, random: RandomSource) -> None:
        self._prologue = prologue
        self._ephemeral = KeyPair.generate(random)
        self._nonce = random.randbytes(KEY_SIZE)

    def hello(self) -> Node:
        """`primary_ephemeral_identity`."""
        return Node("primary_ephemeral_identity", {}, encode([(1, self._ephemeral.public), (2, self._nonce)]))

    def code(self, companion_nonce: bytes) -> str:
        """Raises PasskeyRefused for a nonce that is not the one of the prologue."""
        if hashlib.sha256(self._prologue.identity + companion_nonce).digest() != self._prologue.commitment:
            raise PasskeyRefused("the device's nonce is not the one that it has bound itself to")
        digest = hashlib.sha256(companion_nonce + self._ephemeral.public).digest()
        mixed = bytes(ours ^ theirs for ours, theirs in zip(self._nonce, digest[:CODE_SIZE], strict=False))
        letters = b32encode(mixed).decode().translate(_CODE_LETTERS)
        return f"{letters[:4]}-{letters[4:]}"

    def adv_secret(self, request: bytes) -> bytes:
        """What an EncryptedPairingRequest holds (32 bytes). Raises PasskeyRefused."""
        try:
            identity, sealed = decode(self._prologue.identity), decode(request)
            shared = self._ephemeral.agree(required_bytes(identity, 1))
            place = f"Companion Pairing {int_of(identity, 2)} with ref {required_bytes(identity, 3).decode()}"
            key = hkdf(shared, salt=place.encode(), info=REQUEST_INFO, size=KEY_SIZE)
            return required_bytes(decode(decrypt_gcm(key, required_bytes(sealed, 2), required_bytes(sealed, 1))), 3)
        except (MalformedProtobuf, InvalidTag, ValueError) as error:
            raise PasskeyRefused("the pairing request cannot be opened") from error


def request_options(challenge: bytes) -> Node:
    """What the browser is asked to sign with the account's passkey."""
    options = {
        "challenge": urlsafe_b64encode(challenge).decode().rstrip("="),
        "timeout": 60_000,
        "rpId": "whatsapp.com",
        "allowCredentials": [],
        "userVerification": "required",
    }
    return Node("passkey_request_options", {}, json.dumps(options).encode())


def _child(node: Node, tag: str) -> bytes:
    child = node.first(tag)
    if child is None or not child.data:
        raise PasskeyRefused(f"{tag} is missing")
    return child.data
