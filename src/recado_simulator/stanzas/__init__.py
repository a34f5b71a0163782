"""What the network does with the stanzas of a client: one module a tag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from recado_simulator import iq
from recado_simulator.node import Node
from recado_simulator.stanzas import ack, message, receipt

if TYPE_CHECKING:
    from recado_simulator.connection import Connection

Handler = Callable[["Connection", Node], None]

# Presence, typing and telemetry (`presence`, `chatstate`, `ib`) want no answer and are heard by nobody.
HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {"ack": ack.handle, "iq": iq.handle, "message": message.handle, "receipt": receipt.handle}
)


def handle(connection: Connection, node: Node) -> None:
    handler = HANDLERS.get(node.tag)
    if handler is not None:
        handler(connection, node)
