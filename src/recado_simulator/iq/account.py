"""`privacy`, `blocklist`: an account's settings, as on the first day but for read receipts."""

from __future__ import annotations

from recado_simulator.iq.query import Query
from recado_simulator.node import Node

PRIVACY = ("readreceipts", "profile", "status", "online", "last", "groupadd", "calladd")


def privacy(query: Query) -> list[Node]:
    if query.is_set:
        return []
    hides_reads = not query.network.handset(query.device.account).shows_reads
    values = dict.fromkeys(PRIVACY, "all") | ({"readreceipts": "none"} if hides_reads else {})
    return [Node("privacy", {}, [Node("category", {"name": name, "value": value}) for name, value in values.items()])]


def blocklist(query: Query) -> list[Node]:
    return [Node("list", {"dhash": "none"})] if not query.is_set else []
