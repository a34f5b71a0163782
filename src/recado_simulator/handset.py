"""A handset: the main device of an account, which the simulator itself plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator import reading
from recado_simulator.account import Account, LinkedDevice
from recado_simulator.content import device_sent, text_message
from recado_simulator.damage import damaged_stanza
from recado_simulator.group import Group
from recado_simulator.group_letter import GroupLetter
from recado_simulator.group_reader import GroupReader
from recado_simulator.group_writer import GroupWriter
from recado_simulator.inbox import Inbox
from recado_simulator.jid import GROUP_SERVER, Jid
from recado_simulator.ledger import LedgerRow
from recado_simulator.letter import PEER, Address, Letter
from recado_simulator.node import Node, Value
from recado_simulator.parcel import Parcel, key_of_stanza
from recado_simulator.prekey_nodes import read_bundle
from recado_simulator.presences import LastSeen, Presence, Typing
from recado_simulator.reader import Reader
from recado_simulator.receipts import DELIVERED, receipt_ids
from recado_simulator.signal import Ciphertext, PreKeyBundle, SignalDevice, pad
from recado_simulator.witness import Witness

if TYPE_CHECKING:
    from recado_simulator.network import Network


class Handset:
    """Writes to linked devices with real Signal sessions, decrypts what they write, and answers their receipts.

    Between two handsets nothing is encrypted. `str()` is the account's number. `sees` is what it was told of others;
    without `sends_receipts` it confirms nothing, without `shows_reads` it tells nobody else what it has read.
    """

    def __init__(self, network: Network, account: Account, signal: SignalDevice) -> None:
        self.network = network
        self.account = account
        self.signal = signal
        self.inbox = Inbox()
        self.sends_receipts = True
        self.shows_reads = True
        self.sees = Witness()
        self._letters: dict[tuple[str, str, str], Letter] = {}
        self._reader = Reader(self)
        self._group_reader = GroupReader(self, self._reader)
        self.group_writer = GroupWriter(self)

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

    @property
    def is_there(self) -> bool:
        """Whether it is on and has a network (fault `silent_phone`)."""
        armed = self.network.faults.of(self.account)
        return armed is None or not armed.silent_phone

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

        `to` is a handset, a number or a group; `address` says whether the sender appears by LID or by phone number
        (a group has its own way), and `alternative` whether the other one is told too. Raises LookupError for an
        unknown number or group, ValueError for a group that this handset may not write into.
        """
        group = self.network.groups.find(to)
        if group is not None:
            return self.group_writer.send(group, message, id=id, alternative=alternative, corrupt=corrupt).id
        receiver = self.network.account(str(to))
        letter = self.letter(receiver, message, id=id, address=address, alternative=alternative)
        self._post(letter, receiver, corrupt=corrupt)
        if self.account.devices:
            own = self._own_copy(letter, receiver)
            self._post(own, self.account)
        self.network.handset(receiver).take_plain(self.account, letter)
        return letter.id

    async def read(self, who: object) -> list[str]:
        """Sends read receipts for all that came from an account, or in a group, and was not read; returns the ids.

        Its own linked devices are told too; without `shows_reads` nobody else is. Raises LookupError.
        """
        return reading.read(self, who)

    async def type(self, to: object, state: Typing, *, address: Address = "lid") -> int:
        """Types to somebody or into a group; returns how many linked devices were told: those that are available."""
        return self.network.presences.type(self.account, to, state, address)

    async def set_presence(self, *, available: bool, last_seen: LastSeen = None) -> int:
        """Comes or goes; returns how many linked devices were told: those that are available and watch.

        `last_seen` (seconds since 1970, or "deny" to hide it) is told when it goes; the present moment by default.
        """
        last = None if available else int(self.network.now()) if last_seen is None else last_seen
        return self.network.presences.set(self.account, Presence(is_available=available, last_seen=last))

    async def rename(self, name: str) -> None:
        """What its messages say from the next one on."""
        self.account.name = name
        self.network.state_changed()

    async def wait_text(self, containing: str = "", timeout: float = 60, after: int = 0) -> str:
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
        stanza = letter.stanza(self.encrypt_for(device, letter.message), count)
        if corrupt:
            stanza = damaged_stanza(stanza)
        return Parcel(key_of_stanza(stanza), self.network.codec.encode(stanza), None)

    def send_peer(self, device: LinkedDevice, message: bytes) -> str:
        """Tells one linked device something beyond messages, the bytes of a Message; returns its id at once."""
        letter = Letter(
            id=self.network.message_id(),
            sender=self.account,
            receiver=self.account,
            message=message,
            address="pn",
            alternative=False,
            sent_at=int(self.network.now()),
            category=PEER,
        )
        self._remember(letter)
        self.network.post.deliver(device, [self.seal(device, letter)])
        return letter.id

    def welcome(self, device: LinkedDevice) -> None:
        """One of its linked devices has become active; that is news only to a phone."""

    def take_own_receipt(self, node: Node) -> None:
        """What a linked device says of its phone's own stanzas; others are not told."""

    def take_peer(self, sender: LinkedDevice, id: str, message: bytes) -> None:
        """What a linked device asks of its phone, the bytes of a Message; others have nothing to answer."""

    def take_plain(self, sender: Account, letter: Letter | GroupLetter) -> None:
        """A letter from another handset."""
        self._reader.take_plain(sender, letter)

    def take_copy(self, sender: LinkedDevice, chat: Jid, node: Node, enc: Node, row: LedgerRow) -> None:
        """A message from a linked device, encrypted for this handset."""
        self._reader.take_copy(sender, chat, node, enc, row)

    def take_group_copy(self, sender: LinkedDevice, group: Group, node: Node, encs: list[Node], row: LedgerRow) -> None:
        """A message that a linked device has written into a group: what is for this handset, then what is for all."""
        self._group_reader.take_copy(sender, group, node, encs, row)

    def answering(self, chat: Jid) -> dict[str, Value]:
        """Who a receipt is from: this handset by the kind of address that the chat has, in a group its member."""
        group = self.network.groups.find(chat)
        if group is None:
            return {"from": self.account.address(chat.server)}
        return {"from": group.jid, "participant": group.address_of(self.account)}

    def encrypt_for(self, device: LinkedDevice, message: bytes, bundle: PreKeyBundle | None = None) -> Ciphertext:
        """The bytes of a Message for one device; without a bundle its own are taken when there is no session yet."""
        if bundle is None and not self.signal.has_session(device.signal_address):
            bundle = self.network.post.bundle_of(device)
        return self.signal.encrypt(device.signal_address, pad(message, self.signal.random), bundle)

    def take_receipt(self, sender: LinkedDevice, to: Jid, node: Node) -> None:
        """A receipt for what this handset has sent: only a retry needs an answer."""
        if node.text("type") != "retry":
            reading.saw_receipt(self, sender.account, to, node.text("type") or DELIVERED, receipt_ids(node))
            return
        if to.server == GROUP_SERVER:
            self.group_writer.resend(sender, to, node)
            return
        letter = self._letters.get((node.text("id"), to.server, sender.account.phone))
        retry = node.first("retry")
        if letter is None or retry is None:
            return
        self.signal.drop_session(sender.signal_address)
        stanza = letter.stanza(
            self.encrypt_for(sender, letter.message, read_bundle(node)), int(retry.text("count", "1"))
        )
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
