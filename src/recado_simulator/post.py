"""The post: carries stanzas from one device to another, played or linked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from recado_simulator import reading
from recado_simulator.account import Account, LinkedDevice
from recado_simulator.group_post import GroupPost
from recado_simulator.jid import LID_SERVER, NETWORK, Jid
from recado_simulator.ledger import LedgerRow
from recado_simulator.node import Node, Value
from recado_simulator.parcel import Parcel, ParcelKey, key_of_stanza
from recado_simulator.receipts import receipt_ids
from recado_simulator.signal import PreKeyBundle

if TYPE_CHECKING:
    from recado_simulator.network import Network

LOW = 5  # fewer one-time prekeys than this, and the device is asked for more
COPIED = ("id", "type", "edit", "category")
FORWARDED = frozenset(("", "read", "played"))


class Post:
    """Everything for a linked device goes into its mailbox; what a handset plays it gets at once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._groups = GroupPost(network, self)

    def deliver(self, device: LinkedDevice, parcels: list[Parcel]) -> None:
        """Puts parcels in the device's mailbox; they are offered now if it is online, else when it comes."""
        device.mailbox.put(parcels)
        connection = device.connection
        if connection is not None and connection.delivery is not None:
            connection.delivery.pump()
        self._network.state_changed()

    def deliver_node(self, device: LinkedDevice, node: Node, row: LedgerRow | None = None) -> None:
        self.deliver(device, [Parcel(key_of_stanza(node), self._network.codec.encode(node), row)])

    def notify(
        self,
        device: LinkedDevice,
        sender: Jid,
        type: str,
        children: list[Node],
        extra: Mapping[str, Value] = MappingProxyType({}),
    ) -> None:
        """A notification with `extra` attributes, kept until the device has acknowledged it."""
        now = str(int(self._network.now()))
        attrs: dict[str, Value] = {"from": sender, "type": type, "id": self._network.next_id(), "t": now, **extra}
        self.deliver_node(device, Node("notification", attrs, children))

    def bundle_of(self, device: LinkedDevice) -> PreKeyBundle:
        """One bundle of a linked device, which is told when its prekeys run low."""
        bundle = device.take_bundle()
        if len(device.prekeys) < LOW and not device.was_told_low:
            device.was_told_low = True
            self.notify(device, NETWORK, "encrypt", [Node("count", {"value": str(len(device.prekeys))})])
        return bundle

    def replace(self, device: LinkedDevice, message: Node) -> None:
        """A message that the device has asked for again, in the place of the one before."""
        key = key_of_stanza(message)
        device.mailbox.discard(key)
        row = None if message.text("category") else self.enter(device, key)
        if row is not None:
            self._network.ledger.reopen(row)
        self.deliver(device, [Parcel(key, self._network.codec.encode(message), row)])

    def send_receipt(
        self,
        account: Account,
        sender: Mapping[str, Value],
        ids: list[str],
        type: str,
        *,
        but: LinkedDevice | None = None,
    ) -> None:
        """A receipt for all linked devices of an account but one; `sender` are the attributes that name whose it is."""
        attrs: dict[str, Value] = {**sender, "id": ids[0], "t": str(int(self._network.now()))}
        if type:
            attrs["type"] = type
        items = [Node("item", {"id": id}) for id in ids[1:]]
        node = Node("receipt", attrs, [Node("list", {}, items)] if items else None)
        for device in account.devices.values():
            if device is not but:
                self.deliver_node(device, node)

    def enter(self, device: LinkedDevice, key: ParcelKey) -> LedgerRow:
        """The ledger row of a message for a linked device."""
        _, user, server, id, _, participant = key
        return self._network.ledger.open(
            LedgerRow(
                direction="in",
                id=id,
                account=device.account.phone,
                device=device.number,
                sender=f"{user}@{server}",
                participant=participant,
                recipient=str(device.lid_jid),
                queued_at=self._network.now(),
            )
        )

    def entered(self, device: LinkedDevice, parcels: list[Parcel]) -> list[Parcel]:
        """Messages with their rows in the ledger, ready to be delivered."""
        for parcel in parcels:
            parcel.row = self.enter(device, parcel.key)
        return parcels

    def carry_message(self, sender: LinkedDevice, node: Node, row: LedgerRow) -> None:
        """Delivers each copy of a message to the device that it is encrypted for."""
        chat = node.jid("to")
        if chat is None:
            return
        group = self._network.groups.find(chat)
        if group is not None:
            self._groups.carry_message(sender, group, node, row)
            return
        extras = [child for child in node.children if child.tag in ("device-identity", "meta")]
        for target, enc in copies(node, chat):
            account = self._network.directory.of_jid(target)
            if account is None:
                continue
            if not target.device:
                self._network.handset(account).take_copy(sender, chat, node, enc, row)
            elif (device := account.devices.get(target.device)) and device is not sender:
                stanza = Node("message", self._copy_attrs(sender, device, chat, node), [enc, *extras])
                self.deliver_node(device, stanza, self.enter(device, key_of_stanza(stanza)))

    def carry_receipt(self, sender: LinkedDevice, node: Node) -> None:
        """Tells the other side about a receipt; one that asks for a retry goes only to the device that sent."""
        to = node.jid("to")
        group = self._network.groups.find(to) if to else None
        if group is not None:
            self._groups.carry_receipt(sender, group, node)
            return
        account = self._network.directory.of_jid(to) if to else None
        type = node.text("type")
        if to is None or account is None:
            return
        if account is sender.account and type != "retry":
            self._network.handset(account).take_own_receipt(node)
            return
        if type in reading.TYPES:
            own = self._network.handset(sender.account)
            reading.read_elsewhere(own, sender, account, to, type, receipt_ids(node))
        if not to.device:
            self._network.handset(account).take_receipt(sender, to, node)
        wanted = [account.devices.get(to.device)] if type == "retry" else list(account.devices.values())
        if type != "retry" and type not in FORWARDED:
            return
        attrs = {name: value for name, value in node.attrs.items() if name != "to"}
        attrs |= {"from": sender.account.address(to.server, sender.number), "t": str(int(self._network.now()))}
        for device in wanted:
            if device is not None:
                self.deliver_node(device, Node("receipt", attrs, node.content))

    def _copy_attrs(self, sender: LinkedDevice, device: LinkedDevice, chat: Jid, node: Node) -> dict[str, Value]:
        is_lid = chat.server == LID_SERVER
        account = sender.account
        attrs: dict[str, Value] = {name: node.attrs[name] for name in COPIED if name in node.attrs}
        attrs |= {"from": account.address(chat.server, sender.number), "t": str(int(self._network.now()))}
        if device.account is account:
            attrs["recipient"] = chat.bare
            other = self._network.directory.of_jid(chat)
            if other is not None:
                attrs |= {"peer_recipient_pn": other.phone_jid} if is_lid else {"peer_recipient_lid": other.lid_jid}
        else:
            attrs |= {"sender_pn": account.phone_jid} if is_lid else {"sender_lid": account.lid_jid}
            attrs["notify"] = account.name
        return attrs


def copies(node: Node, chat: Jid) -> list[tuple[Jid, Node]]:
    """Each device with the `<enc>` for it; a message without a list of devices has one, for its `to`."""
    participants = node.first("participants")
    if participants is None:
        return [(chat, enc) for enc in node.all("enc")]
    found = []
    for to in participants.all("to"):
        jid, enc = to.jid("jid"), to.first("enc")
        if jid is not None and enc is not None:
            found.append((jid, enc))
    return found
