"""`privacy`, `blocklist`: an account's settings, all of them as on the first day."""

from __future__ import annotations

from recado_simulator.iq.query import Query
from recado_simulator.node import Node

PRIVACY = ("readreceipts", "profile", "status", "online", "last", "groupadd", "calladd")


def privacy(query: Query) -> list[Node]:
    if query.is_set:
        return []
    return [Node("privacy", {}, [Node("category", {"name": name, "value": "all"}) for name in PRIVACY])]


def blocklist(query: Query) -> list[Node]:
    return [Node("list", {"dhash": "none"})] if not query.is_set else []
