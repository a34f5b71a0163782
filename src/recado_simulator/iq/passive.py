"""`passive`: a client that says `active` gets what came while it was away, and is welcomed if it is new."""

from __future__ import annotations

from recado_simulator.iq.query import Query
from recado_simulator.node import Node


def answer(query: Query) -> list[Node]:
    if query.node.first("active"):
        device = query.device
        query.after.append(lambda: query.connection.deliver_to(device))
        query.after.append(lambda: query.network.handset(device.account).welcome(device))
    return []
