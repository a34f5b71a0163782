"""A handset: the main device of an account, which the simulator itself plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.account import Account, LinkedDevice
from recado_simulator.content import device_sent, text_message
from recado_simulator.damage import damaged_stanza
from recado_simulator.inbox import Inbox
from recado_simulator.jid import Jid
from recado_simulator.ledger import LedgerRow
from recado_simulator.letter import Address, Letter
from recado_simulator.node import Node
from recado_simulator.parcel import Parcel, key_of_stanza
from recado_simulator.prekey_nodes import read_bundle
from recado_simulator.reader import Reader
from recado_simulator.signal import Ciphertext, PreKeyBundle, SignalDevice, pad

if TYPE_CHECKING:
    from recado_simulator.network import Network


class Handset:
    """Writes to linked devices with real Signal sessions, decrypts what they write, and answers their receipts.

    Between two handsets nothing is encrypted. `str()` is the account's number.
    """

    def __init__(self, network: Network, account: Account, signal: SignalDevice) -> None:
        self.network = network
        self.account = account
        self.signal = signal
        self.inbox = Inbox()
        self.sends_receipts = True
        self._letters: dict[tuple[str, str, str], Letter] = {}
        self._reader = Reader(self)

    def __str__(self) -> str:
        return self.account.phone

    @property
    def phone(self) -> str:
        return self.account.phone

    @property
    def lid(self) -> str:
        return str(self.account.lid_jid)

    @property
    def name(self) -> str:
        return self.account.name

    async def send_text(self, to: object, text: str, *, id: str | None = None, address: Address = "lid") -> str:
        """Sends a text and returns its id at once; delivery is the network's work."""
        return await self.send(to, text_message(text), id=id, address=address)

    async def send(
        self,
        to: object,
        message: bytes,
        *,
        id: str | None = None,
        address: Address = "lid",
        alternative: bool = True,
        corrupt: bool = False,
    ) -> str:
        """Sends the bytes of a Message, whatever they are.

        `to` is a handset or a number; `address` says whether the sender appears by LID or by phone number, and
        `alternative` whether the other one is told too. Raises LookupError for an unknown number.
        """
        receiver = self.network.account(str(to))
        letter = self.letter(receiver, message, id=id, address=address, alternative=alternative)
        self._post(letter, receiver, corrupt=corrupt)
        if self.account.devices:
            own = self._own_copy(letter, receiver)
            self._post(own, self.account)
        self.network.handset(receiver).take_plain(self.account, letter)
        return letter.id

    async def read(self, who: object) -> list[str]:
        """Sends read receipts for all that came from an account and was not read; returns the ids."""
        account = self.network.account(str(who))
        unread = [message for message in self.inbox if message.account == account.phone and not message.is_read]
        for chat in {message.chat for message in unread}:
            here = [message for message in unread if message.chat == chat]
            self.network.post.send_receipt(account, chat, [message.id for message in here], "read")
            for message in here:
                message.is_read = True
                if message.row is not None:
                    message.row.read = True
        self.network.ledger.changed()
        return [message.id for message in unread]

    async def wait_text(self, containing: str = "", timeout: float = 5, after: int = 0) -> str:
        """The first received text that contains this, past the inbox number `after`. Raises TimeoutError."""
        found = await self.inbox.wait(lambda m: m.n > after and m.text is not None and containing in m.text, timeout)
        return found.text or ""

    def letter(
        self, receiver: Account, message: bytes, *, id: str | None, address: Address, alternative: bool
    ) -> Letter:
        """A new letter, remembered in case the receiver asks for it again."""
        letter = Letter(
            id=id or self.network.message_id(),
            sender=self.account,
            receiver=receiver,
            message=message,
            address=address,
            alternative=alternative,
            sent_at=int(self.network.now()),
        )
        self._remember(letter)
        return letter

    def seal(self, device: LinkedDevice, letter: Letter, *, count: int = 0, corrupt: bool = False) -> Parcel:
        """The letter encrypted for one device; its ledger row is not entered yet."""
        bundle = None if self.signal.has_session(device.signal_address) else self.network.post.bundle_of(device)
        stanza = letter.stanza(self._encrypt(device, letter, bundle), count)
        if corrupt:
            stanza = damaged_stanza(stanza)
        return Parcel(key_of_stanza(stanza), self.network.codec.encode(stanza), None)

    def take_plain(self, sender: Account, letter: Letter) -> None:
        """A letter from another handset."""
        self._reader.take_plain(sender, letter)

    def take_copy(self, sender: LinkedDevice, chat: Jid, node: Node, enc: Node, row: LedgerRow) -> None:
        """A message from a linked device, encrypted for this handset."""
        self._reader.take_copy(sender, chat, node, enc, row)

    def take_receipt(self, sender: LinkedDevice, to: Jid, node: Node) -> None:
        """A receipt for what this handset has sent: only a retry needs an answer."""
        if node.text("type") != "retry":
            return
        letter = self._letters.get((node.text("id"), to.server, sender.account.phone))
        retry = node.first("retry")
        if letter is None or retry is None:
            return
        self.signal.drop_session(sender.signal_address)
        bundle = read_bundle(node) or self.network.post.bundle_of(sender)
        stanza = letter.stanza(self._encrypt(sender, letter, bundle), int(retry.text("count", "1")))
        self.network.post.replace(sender, stanza)

    def _own_copy(self, letter: Letter, receiver: Account) -> Letter:
        own = Letter(
            id=letter.id,
            sender=self.account,
            receiver=self.account,
            message=device_sent(str(receiver.address(letter.server)), letter.message),
            address=letter.address,
            alternative=letter.alternative,
            sent_at=letter.sent_at,
            chat=receiver,
        )
        self._remember(own)
        return own

    def _post(self, letter: Letter, receiver: Account, *, corrupt: bool = False) -> None:
        post = self.network.post
        for device in receiver.devices.values():
            post.deliver(device, post.entered(device, [self.seal(device, letter, corrupt=corrupt)]))

    def _remember(self, letter: Letter) -> None:
        self._letters[letter.id, letter.server, letter.receiver.phone] = letter

    def _encrypt(self, device: LinkedDevice, letter: Letter, bundle: PreKeyBundle | None) -> Ciphertext:
        return self.signal.encrypt(device.signal_address, pad(letter.message, self.signal.random), bundle)
