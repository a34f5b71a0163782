"""A parcel: one stanza for one linked device, kept until the device has confirmed it."""

from __future__ import annotations

from recado_simulator.jid import Jid
from recado_simulator.ledger import LedgerRow
from recado_simulator.node import Node

# A message is confirmed whatever its type; receipts of one message differ in theirs.
ParcelKey = tuple[str, str, str, str, str, str]
TYPED = frozenset(("receipt", "notification"))


class Parcel:
    """`encoded` is the stanza ready for the wire but for the connection's encryption.

    `was_offered` says that some connection has carried it, `is_on_wire` that the present one has.
    """

    __slots__ = ("encoded", "is_confirmed", "is_on_wire", "key", "row", "was_offered")

    def __init__(self, key: ParcelKey, encoded: bytes, row: LedgerRow | None) -> None:
        self.key = key
        self.encoded = encoded
        self.row = row
        self.was_offered = self.is_on_wire = self.is_confirmed = False


def key_of_stanza(node: Node) -> ParcelKey:
    """The key of a stanza that the network sends."""
    sender = node.attrs["from"]
    return parcel_key(node.tag, sender, str(node.attrs["id"]), str(node.attrs.get("type", "")), node.jid("participant"))


def parcel_key(tag: str, sender: object, id: str, type: str, participant: Jid | None = None) -> ParcelKey:
    """The key under which a client's answer finds the parcel: `sender` is whom it answers.

    In a group `participant` is the member who wrote, without the device: not every answer names one.
    """
    user, server = (sender.user, sender.server) if isinstance(sender, Jid) else ("", str(sender))
    return (tag, user, server, id, type if tag in TYPED else "", str(participant.bare) if participant else "")
