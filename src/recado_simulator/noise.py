"""Noise as WhatsApp speaks it (XX, 25519, AES-GCM, SHA-256): the handshake's state and the keys it ends in."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recado_simulator.keys import KeyPair

PATTERN_XX = b"Noise_XX_25519_AESGCM_SHA256\0\0\0\0"


class NoiseError(ValueError):
    """The peer's bytes do not fit the handshake or the connection's keys."""


class Handshake:
    """The symmetric state: both sides mix the same things in the same order."""

    def __init__(self, pattern: bytes, prologue: bytes) -> None:
        self._hash = pattern if len(pattern) == 32 else hashlib.sha256(pattern).digest()
        self._chain = self._hash
        self._cipher = AESGCM(self._hash)
        self._counter = 0
        self.mix_hash(prologue)

    def mix_hash(self, data: bytes) -> None:
        self._hash = hashlib.sha256(self._hash + data).digest()

    def mix_secret(self, own: KeyPair, theirs: bytes) -> None:
        """Mixes the shared secret with a bare public key."""
        try:
            secret = own.agree(theirs)
        except ValueError as error:
            raise NoiseError(f"the peer's key is not one: {error}") from error
        self._chain, key = expand(self._chain, secret)
        self._cipher = AESGCM(key)
        self._counter = 0

    def encrypt(self, plaintext: bytes) -> bytes:
        sealed = self._cipher.encrypt(nonce(self._counter), plaintext, self._hash)
        self._counter += 1
        self.mix_hash(sealed)
        return sealed

    def decrypt(self, sealed: bytes) -> bytes:
        try:
            plaintext = self._cipher.decrypt(nonce(self._counter), sealed, self._hash)
        except InvalidTag:
            raise NoiseError("a part of the handshake does not decrypt") from None
        self._counter += 1
        self.mix_hash(sealed)
        return plaintext

    def split(self) -> tuple[Direction, Direction]:
        """The two directions that follow: client to server, server to client."""
        from_client, from_server = expand(self._chain, b"")
        return Direction(from_client), Direction(from_server)


class Direction:
    """One direction of an open connection: each frame has the next nonce."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._counter = 0

    def seal(self, plaintext: bytes) -> bytes:
        sealed = self._cipher.encrypt(nonce(self._counter), plaintext, None)
        self._counter += 1
        return sealed

    def open(self, sealed: bytes) -> bytes:
        try:
            plaintext = self._cipher.decrypt(nonce(self._counter), sealed, None)
        except InvalidTag:
            raise NoiseError(f"frame {self._counter} does not decrypt") from None
        self._counter += 1
        return plaintext


def expand(salt: bytes, secret: bytes) -> tuple[bytes, bytes]:
    """HKDF-SHA256 with an empty info: the two keys of 32 bytes that every Noise step derives."""
    extracted = hmac.digest(salt, secret, "sha256")
    first = hmac.digest(extracted, b"\1", "sha256")
    return first, hmac.digest(extracted, first + b"\2", "sha256")


def nonce(counter: int) -> bytes:
    return counter.to_bytes(12)
