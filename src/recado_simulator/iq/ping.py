"""`w:p`: pings, answered unless a fault silences them."""

from __future__ import annotations

from recado_simulator.iq.query import Query
from recado_simulator.node import Node


def answer(query: Query) -> list[Node] | None:
    device = query.connection.device
    armed = query.network.faults.of(device.account) if device else None
    return None if armed and armed.silent_pings else []
