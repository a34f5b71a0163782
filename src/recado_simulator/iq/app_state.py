"""`w:sync:app:state`: every collection is empty."""

from __future__ import annotations

from recado_simulator.iq.query import Query
from recado_simulator.node import Node


def answer(query: Query) -> list[Node]:
    asked = query.node.first("sync")
    names = [collection.text("name") for collection in asked.all("collection")] if asked else []
    return [Node("sync", {}, [Node("collection", {"name": name, "version": "0"}) for name in names])]
