"""A node: one element of the network's binary XML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from recado_simulator.jid import Jid

Value = str | Jid


class Node(NamedTuple):
    """`attrs` values are strings or JIDs; `content` is bytes, a string token, or child nodes."""

    tag: str
    attrs: Mapping[str, Value] = {}
    content: bytes | str | list[Node] | None = None

    @property
    def children(self) -> list[Node]:
        return self.content if isinstance(self.content, list) else []

    def all(self, tag: str) -> Iterator[Node]:
        return (child for child in self.children if child.tag == tag)

    def first(self, *path: str) -> Node | None:
        """The first child under `path`, each step the first of its tag."""
        node: Node | None = self
        for tag in path:
            node = next(node.all(tag), None) if node else None
        return node

    def text(self, name: str, default: str = "") -> str:
        return str(self.attrs.get(name, default))

    def jid(self, name: str) -> Jid | None:
        """The attribute as a JID, also when the client sent it as a string."""
        value = self.attrs.get(name)
        return Jid.parse(value) if isinstance(value, str) else value

    @property
    def data(self) -> bytes:
        """The content as bytes; a string is its UTF-8."""
        if isinstance(self.content, str):
            return self.content.encode()
        return self.content if isinstance(self.content, bytes) else b""

    def __str__(self) -> str:
        attrs = "".join(f' {name}="{value}"' for name, value in self.attrs.items())
        if self.content is None:
            return f"<{self.tag}{attrs}/>"
        inner = "".join(map(str, self.children)) if isinstance(self.content, list) else f"{len(self.data)} bytes"
        return f"<{self.tag}{attrs}>{inner}</{self.tag}>"
