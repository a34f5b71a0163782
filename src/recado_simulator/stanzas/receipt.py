"""`<receipt>`: the client has a message, has read it, or could not decrypt it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.delivery import confirm
from recado_simulator.node import Node, Value
from recado_simulator.parcel import parcel_key

if TYPE_CHECKING:
    from recado_simulator.connection import Connection

DELIVERED = "delivery"  # on the wire this type has no name


def handle(connection: Connection, node: Node) -> None:
    device = connection.device
    if device is None:
        return
    attrs = node.attrs
    to, type = attrs.get("to"), node.text("type")
    connection.send(Node("ack", answer_attrs(node)))
    for id in receipt_ids(node):
        confirm(device, parcel_key("message", to, id, ""), type or DELIVERED, connection)
    if type == "retry":
        key = parcel_key("message", to, node.text("id"), "")
        connection.after_ack(key, lambda: connection.network.post.carry_receipt(device, node))
    else:
        connection.network.post.carry_receipt(device, node)


def receipt_ids(node: Node) -> list[str]:
    """All the message ids that a receipt is about."""
    ids = [node.text("id")]
    listed = node.first("list") if node.content else None
    if listed is not None:
        ids += [item.text("id") for item in listed.all("item")]
    return ids


def answer_attrs(node: Node) -> dict[str, Value]:
    attrs: dict[str, Value] = {"class": "receipt", "id": node.attrs["id"], "from": node.attrs["to"]}
    if "type" in node.attrs:
        attrs["type"] = node.attrs["type"]
    return attrs
