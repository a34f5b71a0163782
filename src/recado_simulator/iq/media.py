"""`w:m`: where attachments go, which is the simulator's own port."""

from __future__ import annotations

from recado_simulator.iq.query import Query
from recado_simulator.node import Node

LIFETIME = {"ttl": "3600", "auth_ttl": "21600", "max_buckets": "12"}


def answer(query: Query) -> list[Node]:
    host = Node("host", {"hostname": query.network.host, "type": "primary"})
    return [Node("media_conn", {"auth": query.network.random.randbytes(16).hex(), **LIFETIME}, [host])]
