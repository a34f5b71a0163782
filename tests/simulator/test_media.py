"""Attachments: encrypted as whatsmeow encrypts them, and read only when nothing was changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recado_simulator.media import MediaKind, MediaRefused, decrypt_media, encrypt_media

FILES = json.loads((Path(__file__).parent / "vectors" / "media.json").read_text())["files"]
KEY = b"k" * 32
SENT = encrypt_media(b"a picture", MediaKind.IMAGE, KEY)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["kind"])
def test_a_file_is_encrypted_as_whatsmeow_does(file):
    sent = encrypt_media(bytes.fromhex(file["plaintext"]), MediaKind[file["kind"]], bytes.fromhex(file["media_key"]))
    assert sent.data.hex() == file["data"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["kind"])
def test_a_file_of_whatsmeow_is_decrypted(file):
    kind, key = MediaKind[file["kind"]], bytes.fromhex(file["media_key"])
    assert decrypt_media(bytes.fromhex(file["data"]), kind, key).hex() == file["plaintext"]


def test_the_vectors_cover_every_kind():
    assert {file["kind"] for file in FILES} == set(MediaKind.__members__)


def test_a_file_with_the_announced_hashes_is_decrypted():
    plaintext = decrypt_media(
        SENT.data, MediaKind.IMAGE, KEY, file_sha256=SENT.file_sha256, file_enc_sha256=SENT.file_enc_sha256
    )
    assert (plaintext, SENT.file_length) == (b"a picture", 9)


@pytest.mark.parametrize("announced", [{"file_sha256": b"x" * 32}, {"file_enc_sha256": b"x" * 32}])
def test_a_file_with_another_hash_is_refused(announced):
    with pytest.raises(MediaRefused, match="announced"):
        decrypt_media(SENT.data, MediaKind.IMAGE, KEY, **announced)


@pytest.mark.parametrize("at", [0, -11, -1])
def test_a_changed_file_is_refused(at):
    changed = bytearray(SENT.data)
    changed[at] ^= 1
    with pytest.raises(MediaRefused, match="MAC"):
        decrypt_media(bytes(changed), MediaKind.IMAGE, KEY)


def test_a_file_of_another_kind_is_refused():
    with pytest.raises(MediaRefused, match="MAC"):
        decrypt_media(SENT.data, MediaKind.VIDEO, KEY)


@pytest.mark.parametrize("data", [b"", b"short"])
def test_a_truncated_file_is_refused(data):
    with pytest.raises(MediaRefused):
        decrypt_media(data, MediaKind.IMAGE, KEY)
