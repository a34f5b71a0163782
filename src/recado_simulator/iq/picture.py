"""`w:profile:picture`: nobody has one."""

from __future__ import annotations

from recado_simulator.iq.query import IqError, Query
from recado_simulator.node import Node


def answer(query: Query) -> list[Node]:
    if query.is_set:
        return []
    raise IqError(404, "item-not-found")
