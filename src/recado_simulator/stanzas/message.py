"""`<message>`: what a client sends; it is acknowledged, then delivered to each device it is encrypted for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from recado_simulator.ledger import LedgerRow
from recado_simulator.letter import PEER
from recado_simulator.node import Node, Value

if TYPE_CHECKING:
    from recado_simulator.account import LinkedDevice
    from recado_simulator.connection import Connection
    from recado_simulator.network import Network


def handle(connection: Connection, node: Node) -> None:
    device = connection.device
    if device is None:
        return
    network = connection.network
    row = enter(device, node, connection)
    nack = refusal(device, node, network)
    if nack:
        connection.send(ack(node, network.now(), {"error": str(nack)}))
        return
    row.copies += 1
    acknowledge(connection, device, node, row)
    network.post.carry_message(device, node, row)
    network.ledger.changed()


def refusal(device: LinkedDevice, node: Node, network: Network) -> int:
    """The code that it is refused with, 0 when it is not."""
    account, to = device.account, node.jid("to")
    return (
        network.faults.next_nack(account) or network.faults.refusal(account, to) or network.groups.refusal(account, to)
    )


def enter(device: LinkedDevice, node: Node, connection: Connection) -> LedgerRow:
    """The ledger's row of the message; what a device asks of its phone has one that is kept nowhere."""
    to = node.jid("to")
    row = LedgerRow(
        direction="out",
        id=node.text("id"),
        account=device.account.phone,
        device=device.number,
        sender=str(device.lid_jid),
        recipient=str(to.bare if to else ""),
        queued_at=connection.network.now(),
    )
    return row if node.text("category") == PEER else connection.network.ledger.open(row)


def acknowledge(connection: Connection, device: LinkedDevice, node: Node, row: LedgerRow) -> None:
    armed = connection.network.faults.of(device.account)

    def say() -> None:
        row.acked = True
        connection.send(ack(node, row.queued_at, {}))
        connection.network.ledger.changed()

    if armed and armed.withholds_acks:
        return
    if armed and armed.ack_delay_ms:
        late = asyncio.get_running_loop().call_later(armed.ack_delay_ms / 1000, say)
        connection.on_end(late.cancel)
    else:
        say()


def ack(node: Node, at: float, extra: dict[str, Value]) -> Node:
    attrs: dict[str, Value] = {"class": "message", "id": node.text("id"), "from": node.attrs["to"], "t": str(int(at))}
    return Node("ack", {**attrs, **extra})
