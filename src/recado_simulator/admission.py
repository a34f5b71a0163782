"""Admission: what happens to a client once its handshake is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.faults import Failure
from recado_simulator.login import Login, Registration, read_payload
from recado_simulator.node import Node

if TYPE_CHECKING:
    from recado_simulator.account import LinkedDevice
    from recado_simulator.connection import Connection


def admit(connection: Connection, payload: bytes) -> None:
    """Lets a linked device in, offers a new one its QR codes, or answers with a failure and closes."""
    wish = read_payload(payload)
    if isinstance(wish, Registration):
        connection.network.pairings.offer(connection, wish)
        return
    outcome = judge(connection, wish)
    if isinstance(outcome, Failure):
        connection.end(outcome.node())
    else:
        let_in(connection, outcome)


def judge(connection: Connection, wish: Login) -> LinkedDevice | Failure:
    network = connection.network
    account = network.directory.of_phone(wish.phone)
    if account is None:
        return Failure(code=401)
    failure = network.faults.next_failure(account)
    if failure is not None:
        return failure
    device = account.devices.get(wish.device)
    if device is None or device.noise_key != connection.client_key:
        return Failure(code=401)
    return device


def let_in(connection: Connection, device: LinkedDevice) -> None:
    if device.connection is not None:
        device.connection.give_way(connection)
    device.connection = connection
    connection.device = device
    now = str(int(connection.network.now()))
    connection.send(Node("success", {"t": now, "lid": device.lid_jid}))
