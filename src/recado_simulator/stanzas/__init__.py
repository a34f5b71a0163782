"""What the network does with the stanzas of a client: one module a tag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from recado_simulator import iq
from recado_simulator.node import Node
from recado_simulator.stanzas import ack, message, presence, receipt

if TYPE_CHECKING:
    from recado_simulator.connection import Connection

Handler = Callable[["Connection", Node], None]

# Telemetry (`ib`) wants no answer and is heard by nobody.
HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "ack": ack.handle,
        "chatstate": presence.handle_typing,
        "iq": iq.handle,
        "message": message.handle,
        "presence": presence.handle,
        "receipt": receipt.handle,
    }
)


def handle(connection: Connection, node: Node) -> None:
    handler = HANDLERS.get(node.tag)
    if handler is not None:
        handler(connection, node)
