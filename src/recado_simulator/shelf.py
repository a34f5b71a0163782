"""A shelf: the media server's files, in memory, under the paths that messages name."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode


class Shelf:
    """Encrypted attachments by direct path."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def put(self, kind: str, data: bytes) -> str:
        """Keeps a file and returns its direct path, which has a query as the real one."""
        name = urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        path = f"/v/{kind}/{name}"
        self._files[path] = data
        return f"{path}?ccb=1"

    def get(self, path: str) -> bytes | None:
        """The file at a direct path without its query."""
        return self._files.get(path)

    def remove(self, path: str) -> None:
        self._files.pop(path, None)
