"""An attachment's encryption: what lies on the media server and what the message says about it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from recado_simulator.keys import decrypt_cbc, encrypt_cbc, hkdf, hmac_sha256

MEDIA_KEY_SIZE = 32
MAC_SIZE = 10


class MediaKind(StrEnum):
    """Kinds of attachment; the value is the text that their keys are derived with."""

    IMAGE = "WhatsApp Image Keys"
    VIDEO = "WhatsApp Video Keys"
    AUDIO = "WhatsApp Audio Keys"
    DOCUMENT = "WhatsApp Document Keys"
    HISTORY = "WhatsApp History Keys"
    APP_STATE = "WhatsApp App State Keys"
    STICKER_PACK = "WhatsApp Sticker Pack Keys"
    LINK_THUMBNAIL = "WhatsApp Link Thumbnail Keys"


class MediaRefused(ValueError):
    """The file is not the one that was announced, or not encrypted with this key for this kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedMedia:
    """`data` is what is uploaded (ciphertext and 10 bytes of MAC); the rest goes into the message."""

    data: bytes
    media_key: bytes
    file_sha256: bytes
    file_enc_sha256: bytes
    file_length: int


def encrypt_media(plaintext: bytes, kind: MediaKind, media_key: bytes) -> EncryptedMedia:
    """Encrypts an attachment under a media key of 32 random bytes."""
    iv, cipher_key, mac_key = _derive(media_key, kind)
    ciphertext = encrypt_cbc(cipher_key, iv, plaintext)
    data = ciphertext + hmac_sha256(mac_key, iv + ciphertext)[:MAC_SIZE]
    return EncryptedMedia(
        data=data,
        media_key=media_key,
        file_sha256=sha256(plaintext).digest(),
        file_enc_sha256=sha256(data).digest(),
        file_length=len(plaintext),
    )


def decrypt_media(
    data: bytes,
    kind: MediaKind,
    media_key: bytes,
    *,
    file_sha256: bytes | None = None,
    file_enc_sha256: bytes | None = None,
) -> bytes:
    """The attachment in `data`, checked against the hashes that are given. Raises MediaRefused."""
    if file_enc_sha256 is not None and sha256(data).digest() != file_enc_sha256:
        raise MediaRefused("the encrypted file is not the one that was announced")
    iv, cipher_key, mac_key = _derive(media_key, kind)
    ciphertext, mac = data[:-MAC_SIZE], data[-MAC_SIZE:]
    if not hmac.compare_digest(mac, hmac_sha256(mac_key, iv + ciphertext)[:MAC_SIZE]):
        raise MediaRefused("the file's MAC is not of this media key and kind")
    try:
        plaintext = decrypt_cbc(cipher_key, iv, ciphertext)
    except ValueError as error:
        raise MediaRefused("the file's padding is wrong") from error
    if file_sha256 is not None and sha256(plaintext).digest() != file_sha256:
        raise MediaRefused("the file is not the one that was announced")
    return plaintext


def _derive(media_key: bytes, kind: MediaKind) -> tuple[bytes, bytes, bytes]:
    keys = hkdf(media_key, info=kind.value.encode(), size=112)
    return keys[:16], keys[16:48], keys[48:80]
