"""A shelf: the media server's files, in memory, under the paths that messages name."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections import Counter


class Shelf:
    """Encrypted attachments by direct path."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._reads: Counter[str] = Counter()
        self._removed: set[str] = set()

    def put(self, kind: str, data: bytes) -> str:
        """Keeps a file and returns its direct path, which has a query as the real one."""
        name = urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        path = f"/v/{kind}/{name}"
        self._files[path] = data
        return f"{path}?ccb=1"

    def get(self, path: str) -> bytes | None:
        """The file at a direct path without its query; it is counted that somebody asked."""
        self._reads[path] += 1
        return self._files.get(path)

    def remove(self, path: str) -> None:
        """A client has the file deleted."""
        self._files.pop(path, None)
        self._removed.add(path)

    def lose(self, path: str) -> None:
        """The file is gone, by nobody's wish."""
        self._files.pop(path, None)

    def reads(self, path: str) -> int:
        return self._reads[path]

    def was_removed(self, path: str) -> bool:
        """Whether a client had the file deleted."""
        return path in self._removed
