"""Delivery: how a device's mailbox goes out on its present connection, and how parcels are confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.jid import NETWORK
from recado_simulator.node import Node
from recado_simulator.parcel import Parcel, ParcelKey

if TYPE_CHECKING:
    from recado_simulator.account import LinkedDevice
    from recado_simulator.connection import Connection
    from recado_simulator.network import Network

DELIVERY_RECEIPTS = frozenset(("delivery", "inactive", "sender", "peer_msg", "hist_sync"))


class Delivery:
    """First what came while the device was away, between its two markers; then everything as it comes."""

    def __init__(self, connection: Connection, device: LinkedDevice) -> None:
        self._connection = connection
        self._network = connection.network
        self._mailbox = device.mailbox
        self._device = device
        kept = self._mailbox.open()
        self._offline_count = len(kept)
        self._is_catching_up = True
        self._is_stopped = False
        connection.send(Node("ib", {"from": NETWORK}, [preview(kept, self._network.now())]))

    def pump(self) -> None:
        """Puts on the wire what there is room for."""
        if self._is_stopped:
            return
        outbox, mailbox, connection = self._connection.outbox, self._mailbox, self._connection
        for parcel in mailbox.offer(lambda: outbox.has_room):
            connection.write(self._as_offered(parcel))
            if parcel.row is not None:
                parcel.row.offers += 1
                self._network.ledger.changed()
            if self._is_catching_up:
                self._end_catching_up()
        if self._is_catching_up:
            self._end_catching_up()

    def stop(self) -> None:
        """Nothing more goes out on this connection; the mailbox keeps it for the next one."""
        self._is_stopped = True

    def _as_offered(self, parcel: Parcel) -> bytes:
        encoded = parcel.encoded
        if parcel.row is not None:
            encoded = self._network.faults.corrupted(self._device.account, encoded)
        if self._is_catching_up:
            encoded = self._network.codec.with_attribute(encoded, "offline", "1")
        return encoded

    def _end_catching_up(self) -> None:
        if self._mailbox.offline_left:
            return
        self._is_catching_up = False
        count = str(self._offline_count)
        self._connection.send(Node("ib", {"from": NETWORK}, [Node("offline", {"count": count})]))


def confirm(device: LinkedDevice, key: ParcelKey, by: str, connection: Connection) -> None:
    """The device has answered a stanza: `by` is the type of its receipt, `ack`, or `nack:` and a code."""
    network = connection.network
    is_message = key[0] == "message"
    ends = not is_message or network.options.confirm == "first" or by in DELIVERY_RECEIPTS
    parcel = device.mailbox.confirm(key) if ends else None
    if is_message:
        record(network, device, key, by, parcel)
    if parcel is not None:
        network.state_changed()
        if connection.delivery is not None:
            connection.delivery.pump()


def record(network: Network, device: LinkedDevice, key: ParcelKey, by: str, parcel: Parcel | None) -> None:
    _, user, server, id, _, participant = key
    row = parcel.row if parcel else network.ledger.inbound_row(device, f"{user}@{server}", id, participant)
    if row is None:
        return
    if not by.startswith(("ack", "nack:")):
        row.receipts.append(by)
    if parcel is not None:
        network.ledger.confirm(row, by, network.now())
    network.ledger.changed()


def preview(kept: list[Parcel], now: float) -> Node:
    """What the device is about to get, counted by kind."""
    counts = {tag: sum(parcel.key[0] == tag for parcel in kept) for tag in ("message", "receipt", "notification")}
    attrs = {"count": str(len(kept)), **{tag: str(count) for tag, count in counts.items()}}
    return Node("offline_preview", {**attrs, "call": "0", "appdata": "0", "t": str(int(now))})
