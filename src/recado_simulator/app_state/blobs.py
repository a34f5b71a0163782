"""Blobs: what is too large for a stanza lies encrypted on the media server, and a reference travels instead."""

from __future__ import annotations

from recado_simulator.app_state.patch import Patch, Snapshot
from recado_simulator.keys import RandomSource
from recado_simulator.media import MEDIA_KEY_SIZE, MediaKind, encrypt_media
from recado_simulator.protobuf import encode
from recado_simulator.shelf import Shelf

INLINE_MOST = 50  # mutations; more lie on the media server
FOLDER = "md-app-state"
HANDLE = b"app-state"


class Blobs:
    """References by content: the newest snapshot of a collection is encrypted once, however often it is read."""

    def __init__(self, shelf: Shelf, random: RandomSource) -> None:
        self._shelf = shelf
        self._random = random
        self._newest: dict[str, tuple[Snapshot, bytes]] = {}

    def snapshot(self, collection: str, snapshot: Snapshot) -> bytes:
        """The ExternalBlobReference of a snapshot."""
        held = self._newest.get(collection)
        if held is not None and held[0] is snapshot:
            return held[1]
        reference = self._put(snapshot.encode())
        self._newest[collection] = (snapshot, reference)
        return reference

    def patch(self, patch: Patch) -> bytes:
        """The SyncdPatch as it travels: with its mutations, or with a reference to them."""
        if len(patch.mutations) <= INLINE_MOST:
            return patch.encode()
        return patch.encode(external=self._put(patch.encode_mutations()))

    def _put(self, plaintext: bytes) -> bytes:
        media = encrypt_media(plaintext, MediaKind.APP_STATE, self._random.randbytes(MEDIA_KEY_SIZE))
        path = self._shelf.put(FOLDER, media.data)
        said = (media.media_key, path.encode(), HANDLE, media.file_length, media.file_sha256, media.file_enc_sha256)
        return encode(enumerate(said, start=1))
