"""A reader: how a handset takes what linked devices send it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.account import Account, LinkedDevice
from recado_simulator.content import read_device_sent, text_of
from recado_simulator.group_letter import GroupLetter
from recado_simulator.inbox import InboxMessage
from recado_simulator.jid import Jid
from recado_simulator.ledger import LedgerRow
from recado_simulator.letter import PEER, Letter
from recado_simulator.node import Node, Value
from recado_simulator.prekey_nodes import key_nodes, registration
from recado_simulator.signal import MessageRepeated, SignalError, unpad

if TYPE_CHECKING:
    from recado_simulator.handset import Handset

RETRIES = 4
PEER_RECEIPT = "peer_msg"


class Reader:
    """Decrypts, keeps each message once, confirms it, and asks again for what does not decrypt."""

    def __init__(self, handset: Handset) -> None:
        self._handset = handset
        self._asked_again: dict[tuple[str, str], int] = {}

    def take_plain(self, sender: Account, letter: Letter | GroupLetter) -> None:
        """A letter from another handset."""
        if self._handset.inbox.find(sender.phone, letter.id, letter.from_jid) is None:
            self._keep(letter.id, sender.phone, letter.from_jid, letter.message, None)

    def take_copy(self, sender: LinkedDevice, chat: Jid, node: Node, enc: Node, row: LedgerRow) -> None:
        """A message from a linked device, encrypted for this handset."""
        id = node.text("id")
        try:
            padded = self._handset.signal.decrypt(sender.signal_address, enc.text("type"), enc.data)
            message = unpad(padded)
        except MessageRepeated:
            self.again(sender, chat, id)
        except SignalError:
            self.ask_again(sender, chat, node)
        else:
            self._take_decrypted(sender, chat, node, message, row)

    def _take_decrypted(self, sender: LinkedDevice, chat: Jid, node: Node, message: bytes, row: LedgerRow) -> None:
        id = node.text("id")
        if node.text("category") == PEER:
            self._take_peer(sender, chat, id, message)
            return
        if sender.account is self._handset.account:
            sent = read_device_sent(message)
            if sent is not None and self._handset.inbox.find(self._handset.phone, id) is None:
                self._keep(id, self._handset.phone, Jid.parse(sent.destination), sent.message, None, is_from_me=True)
            return
        self.take_message(sender, chat, id, message, row)

    def _take_peer(self, sender: LinkedDevice, chat: Jid, id: str, message: bytes) -> None:
        """What an own linked device asks: it is confirmed to that device alone."""
        if not self._handset.is_there:
            return
        now = str(int(self._handset.network.now()))
        attrs: dict[str, Value] = {**self._handset.answering(chat), "id": id, "t": now, "type": PEER_RECEIPT}
        self._handset.network.post.deliver_node(sender, Node("receipt", attrs))
        self._handset.take_peer(sender, id, message)

    def take_message(self, sender: LinkedDevice, chat: Jid, id: str, message: bytes, row: LedgerRow) -> None:
        """Somebody else's message, decrypted."""
        row.decrypted_for(self._handset.phone)
        self._handset.network.ledger.changed()
        if self._handset.inbox.find(sender.account.phone, id, chat) is not None:
            self.again(sender, chat, id)
            return
        self._keep(id, sender.account.phone, chat, message, row)
        self._delivered(sender.account, chat, id)

    def take_own(self, group: Jid, id: str, message: bytes) -> None:
        """What an own linked device has written into a group."""
        if self._handset.inbox.find(self._handset.phone, id, group) is None:
            self._keep(id, self._handset.phone, group, message, None, is_from_me=True)

    def again(self, sender: LinkedDevice, chat: Jid, id: str) -> None:
        """A message that was decrypted before."""
        known = self._handset.inbox.find(sender.account.phone, id, chat)
        if known is not None:
            known.copies += 1
            self._delivered(sender.account, chat, id)

    def _keep(
        self, id: str, account: str, chat: Jid, message: bytes, row: LedgerRow | None, *, is_from_me: bool = False
    ) -> None:
        self._handset.inbox.add(
            InboxMessage(
                n=len(self._handset.inbox) + 1,
                id=id,
                account=account,
                chat=chat,
                text=text_of(message),
                message=message,
                at=self._handset.network.now(),
                row=row,
                is_from_me=is_from_me,
            )
        )

    def _delivered(self, account: Account, chat: Jid, id: str) -> None:
        if self._handset.sends_receipts and self._handset.is_there:
            self._handset.network.post.send_receipt(account, self._handset.answering(chat), [id], "")

    def ask_again(self, sender: LinkedDevice, chat: Jid, node: Node) -> None:
        """Sends a retry receipt with a fresh bundle: the sender has to begin a new session."""
        id = node.text("id")
        key = (sender.signal_address, id)
        count = self._asked_again.get(key, 0) + 1
        self._asked_again[key] = count
        if count > RETRIES:
            return
        now = str(int(self._handset.network.now()))
        bundle = self._handset.signal.bundle()
        retry = Node("retry", {"count": str(count), "id": id, "t": now, "v": "1"})
        attrs: dict[str, Value] = {**self._handset.answering(chat), "id": id, "t": now, "type": "retry"}
        if sender.account is self._handset.account and "participant" not in attrs:
            attrs["recipient"] = chat.bare
        children = [retry, registration(bundle), Node("keys", {}, key_nodes(bundle))]
        self._handset.network.post.deliver_node(sender, Node("receipt", attrs, children))
