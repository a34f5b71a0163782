"""A group letter: what a played device has written into a group, kept so that it can be encrypted again."""

from __future__ import annotations

from dataclasses import dataclass

from recado_simulator.account import Account, LinkedDevice
from recado_simulator.content import media_type
from recado_simulator.jid import Jid
from recado_simulator.letter import SERVERS, Address
from recado_simulator.node import Node, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLetter:
    """`address` is how the group's members appear; `alternative` says whether the sender's other address is told."""

    id: str
    sender: Account
    group: Jid
    message: bytes
    address: Address
    alternative: bool
    sent_at: int

    @property
    def from_jid(self) -> Jid:
        return self.group

    def enc(self, kind: str, data: bytes, count: int = 0) -> Node:
        """One ciphertext of it; `count` is the number of the retry."""
        attrs: dict[str, Value] = {"v": "2", "type": kind}
        kind_of_media = media_type(self.message)
        if kind_of_media and (kind == "skmsg" or count):
            attrs["mediatype"] = kind_of_media
        return Node("enc", attrs | ({"count": str(count)} if count else {}), data)

    def stanza(self, device: LinkedDevice, encs: list[Node]) -> Node:
        """The message for one device."""
        attrs: dict[str, Value] = {
            "from": self.group,
            "participant": self.sender.address(SERVERS[self.address]),
            "id": self.id,
            "t": str(self.sent_at),
            "type": "media" if media_type(self.message) else "text",
            "addressing_mode": self.address,
        }
        if self.alternative:
            is_lid = self.address == "lid"
            other = self.sender.phone_jid if is_lid else self.sender.lid_jid
            attrs["participant_pn" if is_lid else "participant_lid"] = other
        if self.sender.name and device.account is not self.sender:
            attrs["notify"] = self.sender.name
        return Node("message", attrs, encs)
