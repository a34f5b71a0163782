"""`<receipt>`: the client has a message, has read it, or could not decrypt it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.delivery import confirm
from recado_simulator.node import Node, Value
from recado_simulator.parcel import parcel_key
from recado_simulator.receipts import DELIVERED, receipt_ids

if TYPE_CHECKING:
    from recado_simulator.connection import Connection


def handle(connection: Connection, node: Node) -> None:
    device = connection.device
    if device is None:
        return
    attrs = node.attrs
    to, type, participant = attrs.get("to"), node.text("type"), node.jid("participant")
    connection.send(Node("ack", answer_attrs(node)))
    for id in receipt_ids(node):
        confirm(device, parcel_key("message", to, id, "", participant), type or DELIVERED, connection)
    if type == "retry":
        key = parcel_key("message", to, node.text("id"), "", participant)
        connection.after_ack(key, lambda: connection.network.post.carry_receipt(device, node))
    else:
        connection.network.post.carry_receipt(device, node)


def answer_attrs(node: Node) -> dict[str, Value]:
    attrs: dict[str, Value] = {"class": "receipt", "id": node.attrs["id"], "from": node.attrs["to"]}
    if "type" in node.attrs:
        attrs["type"] = node.attrs["type"]
    return attrs
