"""Stylesheet, scripts and icon: read once, served under their own hash, so that a browser keeps them for ever."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

_ROOT: Final = files("recado.web") / "static"
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
STYLESHEET: Final = "recado.css"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file as it is sent."""

    media_type: str
    content: bytes
    zipped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """All of them by name; `version` changes when any of them does."""

    version: str
    by_name: Mapping[str, Asset]

    def path(self, name: str) -> str:
        """Where a page finds it. Raises KeyError for one that there is not."""
        self.by_name[name]
        return f"/static/{self.version}/{name}"


def load() -> Assets:
    """Read what is in `static/`; the files of `css/` become one stylesheet, those of any other directory one script."""
    contents = {item.name: item.read_bytes() for item in _ROOT.iterdir() if item.is_file()}
    for directory in (item for item in _ROOT.iterdir() if item.is_dir()):
        name = STYLESHEET if directory.name == "css" else f"{directory.name}.js"
        contents[name] = _joined(directory) if name != STYLESHEET else _tight(_joined(directory))
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(name.encode() + b"\0" + contents[name] + b"\0")
    by_name = {name: _asset(name, content) for name, content in contents.items()}
    return Assets(version=digest.hexdigest()[:12], by_name=by_name)


def _joined(directory: Traversable) -> bytes:
    """Its files, in the order of their names."""
    parts = sorted((item for item in directory.iterdir() if item.is_file()), key=lambda item: item.name)
    return b"\n".join(part.read_bytes() for part in parts)


def _tight(css: bytes) -> bytes:
    """Without comments and without the spaces that mean nothing."""
    text = re.sub(rb"/\*.*?\*/", b"", css, flags=re.DOTALL)
    text = re.sub(rb"\s+", b" ", text)
    return re.sub(rb" ?([{};,]) ?", rb"\1", text).replace(b": ", b":").replace(b";}", b"}").strip()


def _asset(name: str, content: bytes) -> Asset:
    media_type = _TYPES[name.rpartition(".")[2]]
    return Asset(media_type=media_type, content=content, zipped=gzip.compress(content, mtime=0))
