"""`<ack>`: the client has taken a stanza, or refuses it with a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.delivery import confirm
from recado_simulator.node import Node
from recado_simulator.parcel import parcel_key

if TYPE_CHECKING:
    from recado_simulator.connection import Connection


def handle(connection: Connection, node: Node) -> None:
    if connection.device is None:
        return
    type, participant = node.text("type"), node.jid("participant")
    key = parcel_key(node.text("class"), node.attrs.get("to"), node.text("id"), type, participant)
    if connection.acked(key):
        return
    code = node.text("error")
    confirm(connection.device, key, f"nack:{code}" if code and code != "0" else "ack", connection)
