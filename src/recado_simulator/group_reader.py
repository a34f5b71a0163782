"""A group reader: how a handset takes what linked devices write into groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.account import LinkedDevice
from recado_simulator.content import is_only_key_distribution, read_key_distribution
from recado_simulator.group import Group
from recado_simulator.ledger import LedgerRow
from recado_simulator.node import Node
from recado_simulator.reader import Reader
from recado_simulator.signal import MessageRepeated, SignalError, unpad

if TYPE_CHECKING:
    from recado_simulator.handset import Handset


class GroupReader:
    """Learns the sender's key where it is handed over, then decrypts what is for all; the rest is the reader's."""

    def __init__(self, handset: Handset, reader: Reader) -> None:
        self._handset = handset
        self._reader = reader

    def take_copy(self, sender: LinkedDevice, group: Group, node: Node, encs: list[Node], row: LedgerRow) -> None:
        """`encs` are the ciphertexts for this handset, in the order in which they build on each other."""
        id = node.text("id")
        try:
            opened = [self._open(sender, group, enc) for enc in encs]
        except MessageRepeated:
            self._reader.again(sender, group.jid, id)
        except SignalError:
            self._reader.ask_again(sender, group.jid, node)
        else:
            for message in opened:
                self._take(sender, group, id, message, row)

    def _take(self, sender: LinkedDevice, group: Group, id: str, message: bytes, row: LedgerRow) -> None:
        if is_only_key_distribution(message):
            return
        if sender.account is self._handset.account:
            self._reader.take_own(group.jid, id, message)
        else:
            self._reader.take_message(sender, group.jid, id, message, row)

    def _open(self, sender: LinkedDevice, group: Group, enc: Node) -> bytes:
        """Raises SignalError."""
        signal, kind = self._handset.signal, enc.text("type")
        if kind == "skmsg":
            return unpad(signal.groups.decrypt(str(group), sender.signal_address, enc.data))
        message = unpad(signal.decrypt(sender.signal_address, kind, enc.data))
        key = read_key_distribution(message)
        if key is not None:
            signal.groups.accept(str(group), sender.signal_address, key)
        return message
