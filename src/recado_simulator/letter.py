"""A letter: what a played device has sent, kept so that it can be encrypted again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recado_simulator.account import Account
from recado_simulator.content import media_type
from recado_simulator.jid import LID_SERVER, PHONE_SERVER, Jid
from recado_simulator.node import Node, Value
from recado_simulator.signal import Ciphertext

Address = Literal["lid", "pn"]
PEER = "peer"
SERVERS = {"lid": LID_SERVER, "pn": PHONE_SERVER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`address` is how the sender appears; `alternative` says whether its other address is told beside it.

    `chat` is set for a copy to the sender's own linked devices: the other side of the conversation. `category` is PEER
    for what a phone tells its linked devices beyond messages.
    """

    id: str
    sender: Account
    receiver: Account
    message: bytes
    address: Address
    alternative: bool
    sent_at: int
    chat: Account | None = None
    category: str = ""

    @property
    def server(self) -> str:
        return SERVERS[self.address]

    @property
    def from_jid(self) -> Jid:
        return self.sender.address(self.server)

    def stanza(self, ciphertext: Ciphertext, count: int = 0) -> Node:
        """The message for one device; `count` is the number of the retry."""
        kind = media_type(self.message)
        enc: dict[str, Value] = {"v": "2", "type": ciphertext.kind}
        if kind:
            enc["mediatype"] = kind
        if count:
            enc["count"] = str(count)
        attrs: dict[str, Value] = {
            "from": self.from_jid,
            "id": self.id,
            "t": str(self.sent_at),
            "type": "media" if kind else "text",
            **self._other_address(),
        }
        if self.category:
            attrs["category"] = self.category
        elif self.sender.name and self.chat is None:
            attrs["notify"] = self.sender.name
        return Node("message", attrs, [Node("enc", enc, ciphertext.data)])

    def _other_address(self) -> dict[str, Value]:
        is_lid = self.address == "lid"
        if self.chat is not None:
            chat = self.chat.address(self.server)
            other = self.chat.address(PHONE_SERVER if is_lid else LID_SERVER)
            return {"recipient": chat, "peer_recipient_pn" if is_lid else "peer_recipient_lid": other}
        if not self.alternative:
            return {}
        return {"sender_pn": self.sender.phone_jid} if is_lid else {"sender_lid": self.sender.lid_jid}
