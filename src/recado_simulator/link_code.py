"""The phone's side of pairing by an eight-character code (`link_code_companion_reg`)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag

from recado_simulator.keys import KeyPair, RandomSource, crypt_ctr, decrypt_gcm, hkdf, pbkdf2

CODE_ALPHABET = frozenset("123456789ABCDEFGHJKLMNPQRSTVWXYZ")
CODE_LENGTH = 8
CODE_ROUNDS = 2 << 16
SALT_SIZE, IV_SIZE, NONCE_SIZE, KEY_SIZE = 32, 16, 12, 32
WRAPPED_SIZE = SALT_SIZE + IV_SIZE + KEY_SIZE
BUNDLE_SIZE = 3 * KEY_SIZE
BUNDLE_INFO = b"link_code_pairing_key_bundle_encryption_key"
ADV_INFO = b"adv_secret"


class LinkCodeRefused(ValueError):
    """The code is not one, or not the one that the device shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedKeys:
    """What the phone knows once the device has finished: its bare identity key and the adv secret (32 bytes each)."""

    companion_identity: bytes
    adv_secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryHello:
    """The phone between its two steps.

    `wrapped_ephemeral` (80 bytes) goes to the device as `link_code_pairing_wrapped_primary_ephemeral_pub`.
    """

    wrapped_ephemeral: bytes
    identity: KeyPair
    ephemeral: KeyPair
    companion_ephemeral: bytes

    def finish(self, wrapped_key_bundle: bytes, companion_identity: bytes) -> LinkedKeys:
        """Opens what `companion_finish` brought: `link_code_pairing_wrapped_key_bundle`, `companion_identity_public`.

        Raises LinkCodeRefused when the bundle cannot be opened (the usual sign of a mistyped code) or holds other
        identities than these two.
        """
        shared = self._agree(self.ephemeral, self.companion_ephemeral)
        bundle = _open_bundle(shared, wrapped_key_bundle)
        inner, primary, random = (bundle[at : at + KEY_SIZE] for at in range(0, BUNDLE_SIZE, KEY_SIZE))
        if inner != companion_identity or primary != self.identity.public:
            raise LinkCodeRefused("the key bundle names other identities than the two that are pairing")
        secret = shared + self._agree(self.identity, companion_identity) + random
        return LinkedKeys(companion_identity=companion_identity, adv_secret=hkdf(secret, info=ADV_INFO, size=KEY_SIZE))

    @staticmethod
    def _agree(pair: KeyPair, public: bytes) -> bytes:
        try:
            return pair.agree(public)
        except ValueError as error:
            raise LinkCodeRefused("a key of the device is not usable") from error


def answer_hello(
    code: str, wrapped_companion_ephemeral: bytes, identity: KeyPair, random: RandomSource
) -> PrimaryHello:
    """The phone's answer to `companion_hello`, by the code its owner has typed (`ABCD-EFGH`, any case).

    A mistyped code shows only at `finish`. Costs two PBKDF2 of 131,072 rounds (some 50 ms each).
    Raises LinkCodeRefused for a text that cannot be a code, or a wrapped key that has not 80 bytes.
    """
    password = normalized(code)
    ephemeral = KeyPair.generate(random)
    wrapped = wrap(password, ephemeral.public, random)
    companion = unwrap(password, wrapped_companion_ephemeral)
    return PrimaryHello(
        wrapped_ephemeral=wrapped, identity=identity, ephemeral=ephemeral, companion_ephemeral=companion
    )


def normalized(code: str) -> str:
    """The code's eight characters without dash and spaces. Raises LinkCodeRefused."""
    letters = "".join(code.split()).replace("-", "").upper()
    if len(letters) != CODE_LENGTH or not CODE_ALPHABET.issuperset(letters):
        raise LinkCodeRefused("a pairing code has eight letters and digits, without 0, I, O and U")
    return letters


def wrap(password: str, public: bytes, random: RandomSource) -> bytes:
    """An ephemeral public key under the code: salt, IV, AES-CTR of the key (32 + 16 + 32 bytes)."""
    salt, iv = random.randbytes(SALT_SIZE), random.randbytes(IV_SIZE)
    return salt + iv + crypt_ctr(_code_key(password, salt), iv, public)


def unwrap(password: str, wrapped: bytes) -> bytes:
    """The inverse of `wrap`; another code gives another 32 bytes. Raises LinkCodeRefused for a wrong length."""
    if len(wrapped) != WRAPPED_SIZE:
        raise LinkCodeRefused(f"a wrapped ephemeral key has {WRAPPED_SIZE} bytes, not {len(wrapped)}")
    salt, iv = wrapped[:SALT_SIZE], wrapped[SALT_SIZE : SALT_SIZE + IV_SIZE]
    return crypt_ctr(_code_key(password, salt), iv, wrapped[SALT_SIZE + IV_SIZE :])


def _code_key(password: str, salt: bytes) -> bytes:
    return pbkdf2(password.encode(), salt=salt, rounds=CODE_ROUNDS)


def _open_bundle(shared: bytes, wrapped: bytes) -> bytes:
    salt, nonce, sealed = wrapped[:SALT_SIZE], wrapped[SALT_SIZE : SALT_SIZE + NONCE_SIZE], wrapped[44:]
    key = hkdf(shared, salt=salt, info=BUNDLE_INFO, size=KEY_SIZE)
    try:
        bundle = decrypt_gcm(key, nonce, sealed)
    except (InvalidTag, ValueError) as error:
        raise LinkCodeRefused("the key bundle cannot be opened: another code was typed") from error
    if len(bundle) != BUNDLE_SIZE:
        raise LinkCodeRefused(f"the key bundle has {len(bundle)} bytes, not {BUNDLE_SIZE}")
    return bundle
