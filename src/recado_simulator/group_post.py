"""The group post: carries what linked devices write into groups, and what they answer there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator import reading
from recado_simulator.account import Account, LinkedDevice
from recado_simulator.group import Group
from recado_simulator.jid import Jid
from recado_simulator.ledger import LedgerRow
from recado_simulator.node import Node, Value
from recado_simulator.parcel import key_of_stanza
from recado_simulator.receipts import receipt_ids

if TYPE_CHECKING:
    from recado_simulator.network import Network
    from recado_simulator.post import Post

COPIED = ("id", "type", "edit")
EXTRAS = frozenset(("device-identity", "meta"))
FORWARDED = frozenset(("", "read", "played"))


class GroupPost:
    """A message reaches every device of every member with its own ciphertext, if any, and the one for all."""

    def __init__(self, network: Network, post: Post) -> None:
        self._network = network
        self._post = post

    def carry_message(self, sender: LinkedDevice, group: Group, node: Node, row: LedgerRow) -> None:
        """Delivers a message; one that names a participant is a repeat, for the device that asked alone."""
        private, shared = self._private(node), list(node.all("enc"))
        asked = node.jid("participant")
        if asked is None:
            row.readers = max(sum(account is not sender.account for account in group.accounts), 1)
        for account in group.accounts:
            for number in (0, *account.devices):
                if asked is None or self._is(asked, account, number):
                    encs = [*private.get((account.phone, number), []), *shared]
                    self._carry_copy(sender, group, account, number, node, encs, row)

    def carry_receipt(self, sender: LinkedDevice, group: Group, node: Node) -> None:
        """Tells the member who wrote about a receipt; one that asks for a retry goes to the device that sent."""
        author = node.jid("participant")
        account = self._network.directory.of_jid(author) if author else None
        if author is None or account is None:
            return
        type = node.text("type")
        is_retry = type == "retry"
        if type in reading.TYPES:
            own = self._network.handset(sender.account)
            reading.read_elsewhere(own, sender, account, group.jid, type, receipt_ids(node))
        if not author.device and (is_retry or account is not sender.account):
            self._network.handset(account).take_receipt(sender, group.jid, node)
        if not is_retry and (type not in FORWARDED or account is sender.account):
            return
        wanted = [account.devices.get(author.device)] if is_retry else list(account.devices.values())
        attrs = {name: value for name, value in node.attrs.items() if name != "to"}
        attrs |= {"from": group.jid, "participant": self._device(group, sender), "t": self._now()}
        for device in wanted:
            if device is not None:
                self._post.deliver_node(device, Node("receipt", attrs, node.content))

    def _private(self, node: Node) -> dict[tuple[str, int], list[Node]]:
        """What a message has for single devices, by their account's number and their own."""
        participants = node.first("participants")
        found: dict[tuple[str, int], list[Node]] = {}
        for to in participants.all("to") if participants else ():
            jid = to.jid("jid")
            account = self._network.directory.of_jid(jid) if jid else None
            if jid is not None and account is not None:
                found[account.phone, jid.device] = list(to.all("enc"))
        return found

    def _carry_copy(
        self,
        sender: LinkedDevice,
        group: Group,
        account: Account,
        number: int,
        node: Node,
        encs: list[Node],
        row: LedgerRow,
    ) -> None:
        if not number:
            self._network.handset(account).take_group_copy(sender, group, node, encs, row)
            return
        device = account.devices[number]
        if device is not sender:
            extras = [child for child in node.children if child.tag in EXTRAS]
            stanza = Node("message", self._copy_attrs(sender, device, group, node), [*encs, *extras])
            self._post.deliver_node(device, stanza, self._post.enter(device, key_of_stanza(stanza)))

    def _copy_attrs(self, sender: LinkedDevice, device: LinkedDevice, group: Group, node: Node) -> dict[str, Value]:
        account = sender.account
        attrs: dict[str, Value] = {name: node.attrs[name] for name in COPIED if name in node.attrs}
        attrs |= {"from": group.jid, "participant": self._device(group, sender), "t": self._now()}
        attrs["addressing_mode"] = group.facts.address
        attrs |= (
            {"participant_pn": account.phone_jid}
            if group.facts.address == "lid"
            else {"participant_lid": account.lid_jid}
        )
        if device.account is not account:
            attrs["notify"] = account.name
        return attrs

    def _is(self, asked: Jid, account: Account, number: int) -> bool:
        return self._network.directory.of_jid(asked) is account and asked.device == number

    def _device(self, group: Group, device: LinkedDevice) -> Jid:
        return device.account.address(group.server, device.number)

    def _now(self) -> str:
        return str(int(self._network.now()))
