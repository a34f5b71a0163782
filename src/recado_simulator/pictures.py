"""Pictures: the profile pictures of accounts and groups, and who may see them."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from recado_simulator.account import Account
from recado_simulator.group import Group
from recado_simulator.jid import Jid
from recado_simulator.node import Node, Value

if TYPE_CHECKING:
    from recado_simulator.network import Network

KIND = "pps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """`image` and `preview` are JPEG bytes; a hidden one is shown to its owner alone."""

    id: str
    image: bytes
    preview: bytes
    is_hidden: bool = False


class Pictures:
    """Owners are accounts and groups. A change is told to the linked devices of everybody else, of a group's to its
    members', and kept for them until they have acknowledged it; its owner's own devices are told that there is one.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._of: dict[str, Picture] = {}
        self._last = 0

    def of(self, owner: Account | Group) -> Picture | None:
        return self._of.get(name_of(owner))

    def set(self, owner: Account | Group, image: bytes, preview: bytes | None, by: Account | None) -> str:
        """Returns the picture's id."""
        self._last = max(self._last + 1, int(self._network.now()))
        picture = Picture(id=str(self._last), image=image, preview=image if preview is None else preview)
        self._of[name_of(owner)] = picture
        self._tell(owner, "set", {"id": picture.id}, by)
        return picture.id

    def hide(self, owner: Account | Group) -> None:
        """Raises LookupError when there is none."""
        picture = self.of(owner)
        if picture is None:
            raise LookupError(f"{name_of(owner)} has no picture")
        self._of[name_of(owner)] = replace(picture, is_hidden=True)
        self._tell(owner, "delete", {}, None)

    def remove(self, owner: Account | Group, by: Account | None) -> None:
        if self._of.pop(name_of(owner), None) is not None:
            self._tell(owner, "delete", {}, by)

    def node(self, picture: Picture, *, is_preview: bool) -> Node:
        """`<picture>` with where its bytes are, which lie unencrypted."""
        data = picture.preview if is_preview else picture.image
        path = self._network.shelf.put(KIND, data)
        attrs: dict[str, Value] = {
            "id": picture.id,
            "type": "preview" if is_preview else "image",
            "url": f"https://{self._network.host}{path}",
            "direct_path": path,
            "hash": b64encode(hashlib.sha256(data).digest()).decode(),
        }
        return Node("picture", attrs)

    def to_state(self) -> dict[str, Any]:
        return {
            owner: [
                picture.id,
                b64encode(picture.image).decode(),
                b64encode(picture.preview).decode(),
                picture.is_hidden,
            ]
            for owner, picture in self._of.items()
        }

    def load(self, state: dict[str, Any]) -> None:
        for owner, (id, image, preview, is_hidden) in state.items():
            self._of[owner] = Picture(id=id, image=b64decode(image), preview=b64decode(preview), is_hidden=is_hidden)
            self._last = max(self._last, int(id))

    def _tell(self, owner: Account | Group, tag: str, attrs: dict[str, Value], by: Account | None) -> None:
        post = self._network.post
        jid = owner.jid if isinstance(owner, Group) else owner.lid_jid
        author = by or (None if isinstance(owner, Group) else owner)
        told: dict[str, Value] = {"jid": jid, **attrs} | ({"author": author.lid_jid} if author else {})
        for account in self._told(owner):
            for device in account.devices.values():
                if account is owner:
                    post.notify(device, owner.phone_jid, "account_sync", [Node("picture")])
                else:
                    post.notify(device, jid, "picture", [Node(tag, told)])
        self._network.state_changed()

    def _told(self, owner: Account | Group) -> Iterable[Account]:
        return owner.accounts if isinstance(owner, Group) else self._network.directory


def name_of(owner: Account | Group) -> str:
    jid: Jid = owner.jid if isinstance(owner, Group) else owner.lid_jid
    return str(jid)
