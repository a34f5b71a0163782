"""Keys and the primitives around them: X25519, XEdDSA, HKDF, HMAC and AES, all from kept libraries."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Protocol, Self

import xeddsa
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

KEY_SIZE = 32
SIGNATURE_SIZE = 64
DJB_TYPE = b"\x05"
SIGN_BIT = 0x80


class RandomSource(Protocol):
    """Where keys come from; `random.Random` and `random.SystemRandom` are such sources."""

    def randbytes(self, n: int, /) -> bytes: ...


class KeyStream:
    """An endless, reproducible source of bytes that is wholly described by a seed and a position.

    What continues a saved stream never draws the same bytes again: a key that comes twice would look to a peer like
    a message of an old session.
    """

    __slots__ = ("position", "seed")

    def __init__(self, seed: bytes, position: int = 0) -> None:
        self.seed = seed
        self.position = position

    def randbytes(self, n: int, /) -> bytes:
        out = b""
        while len(out) < n:
            out += hmac_sha256(self.seed, self.position.to_bytes(8, "big"))
            self.position += 1
        return out[:n]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """An X25519 key pair; `public` is the bare 32 bytes."""

    public: bytes
    handle: X25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def generate(cls, random: RandomSource) -> Self:
        """A pair from the source's next 32 bytes, clamped as Signal clients clamp theirs."""
        return cls.from_private(random.randbytes(KEY_SIZE))

    @classmethod
    def from_private(cls, private: bytes) -> Self:
        """The pair of these 32 private bytes. Raises ValueError for another length."""
        handle = X25519PrivateKey.from_private_bytes(clamped(private))
        return cls(public=handle.public_key().public_bytes_raw(), handle=handle)

    @property
    def private(self) -> bytes:
        return self.handle.private_bytes_raw()

    def agree(self, their_public: bytes) -> bytes:
        """The 32-byte shared secret with a bare public key. Raises ValueError for a key of small order."""
        return self.handle.exchange(X25519PublicKey.from_public_bytes(their_public))

    def sign(self, message: bytes, random: RandomSource) -> bytes:
        """The 64-byte XEdDSA signature, with the Edwards key's sign in the top bit of byte 63 as libsignal has it."""
        private = self.private
        signature = bytearray(xeddsa.ed25519_priv_sign(private, message, random.randbytes(64)))
        signature[63] |= xeddsa.priv_to_ed25519_pub(private)[31] & SIGN_BIT
        return bytes(signature)


def clamped(private: bytes) -> bytes:
    """These 32 bytes as a valid X25519 scalar. Raises ValueError for another length."""
    if len(private) != KEY_SIZE:
        raise ValueError(f"a private key has {KEY_SIZE} bytes, not {len(private)}")
    return bytes((private[0] & 248, *private[1:31], private[31] & 127 | 64))


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes, sign bit in byte 63) is that of the X25519 key `public` over `message`."""
    if len(public) != KEY_SIZE or len(signature) != SIGNATURE_SIZE:
        return False
    edwards = xeddsa.curve25519_pub_to_ed25519_pub(public, bool(signature[63] & SIGN_BIT))
    bare = signature[:63] + bytes((signature[63] & ~SIGN_BIT & 0xFF,))
    return bool(xeddsa.ed25519_verify(bare, edwards, message))


def prefixed(public: bytes) -> bytes:
    """A public key as Signal messages carry it: 33 bytes, 05 first."""
    return DJB_TYPE + public


def unprefixed(key: bytes) -> bytes:
    """The bare 32 bytes of a 33-byte key. Raises ValueError if it is not one."""
    if len(key) != KEY_SIZE + 1 or key[:1] != DJB_TYPE:
        raise ValueError("not a public key of 33 bytes that begins with 05")
    return key[1:]


def hkdf(secret: bytes, *, info: bytes, size: int, salt: bytes | None = None) -> bytes:
    """`size` bytes derived from `secret` by HKDF-SHA256."""
    return HKDF(algorithm=hashes.SHA256(), length=size, salt=salt, info=info).derive(secret)


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The 32-byte HMAC-SHA256."""
    return hmac.digest(key, message, "sha256")


def pbkdf2(password: bytes, *, salt: bytes, rounds: int) -> bytes:
    """A 32-byte key by PBKDF2-HMAC-SHA256."""
    return PBKDF2HMAC(algorithm=hashes.SHA256(), length=KEY_SIZE, salt=salt, iterations=rounds).derive(password)


def encrypt_cbc(key: bytes, iv: bytes, plaintext: bytes) -> bytes:
    """AES-CBC with PKCS#7 padding."""
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()


def decrypt_cbc(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    """The inverse of `encrypt_cbc`. Raises ValueError when length or padding is wrong."""
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(ciphertext) + decryptor.finalize()) + unpadder.finalize()


def crypt_ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-CTR; encrypting and decrypting are the same."""
    encryptor = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def encrypt_gcm(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
    """AES-GCM: ciphertext with its 16-byte tag behind."""
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def decrypt_gcm(key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes = b"") -> bytes:
    """The inverse of `encrypt_gcm`. Raises cryptography's InvalidTag when anything is wrong."""
    return AESGCM(key).decrypt(nonce, ciphertext, aad)
