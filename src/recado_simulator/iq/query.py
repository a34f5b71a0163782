"""A query: one IQ of a client, and what answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recado_simulator.account import LinkedDevice
from recado_simulator.node import Node

if TYPE_CHECKING:
    from recado_simulator.connection import Connection
    from recado_simulator.network import Network


class IqError(Exception):
    """The query is refused with a code, and a text as the network's own."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    def node(self) -> Node:
        return Node("error", {"code": str(self.code), "text": self.text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """`after` is done once the answer is on its way."""

    connection: Connection
    node: Node
    after: list[Callable[[], None]] = field(default_factory=list)

    @property
    def network(self) -> Network:
        return self.connection.network

    @property
    def device(self) -> LinkedDevice:
        """The linked device that asks. Raises IqError when it has not logged in."""
        if self.connection.device is None:
            raise IqError(401, "not-authorized")
        return self.connection.device

    @property
    def is_set(self) -> bool:
        return self.node.text("type") == "set"


Answer = Callable[[Query], list[Node] | None]
