"""Receipts: what can be read from a `<receipt>`."""

from __future__ import annotations

from recado_simulator.node import Node

DELIVERED = "delivery"  # on the wire this type has no name


def receipt_ids(node: Node) -> list[str]:
    """All the message ids that a receipt is about."""
    ids = [node.text("id")]
    listed = node.first("list") if node.content else None
    if listed is not None:
        ids += [item.text("id") for item in listed.all("item")]
    return ids
