"""`<presence>` and `<chatstate>`: whether the client is there, whom it watches, to whom it types; none is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.jid import GROUP_SERVER, LID_SERVER
from recado_simulator.node import Node
from recado_simulator.presences import read_typing

if TYPE_CHECKING:
    from recado_simulator.connection import Connection


def handle(connection: Connection, node: Node) -> None:
    device = connection.device
    if device is None:
        return
    presences, type = connection.network.presences, node.text("type", "available")
    if type == "subscribe":
        watched = node.jid("to")
        if watched is not None:
            presences.watch(connection, watched)
    elif type in ("available", "unavailable"):
        presences.says(connection, device.account, is_available=type == "available")


def handle_typing(connection: Connection, node: Node) -> None:
    device, to, state = connection.device, node.jid("to"), read_typing(node)
    if device is None or to is None or state is None:
        return
    network = connection.network
    group = network.groups.find(to)
    if to.server == GROUP_SERVER:
        is_heard = group is not None and group.has(device.account)
    else:
        is_heard = network.directory.of_jid(to) is not None
    if is_heard:
        network.presences.type(device.account, to.bare, state, "lid" if to.server == LID_SERVER else "pn")
