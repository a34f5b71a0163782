"""A phone: the main device of an account that clients get linked to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from recado_simulator.account import Account, LinkedDevice
from recado_simulator.app_state import AppState
from recado_simulator.book import Book
from recado_simulator.chat_settings import ChatSettings
from recado_simulator.handset import Handset
from recado_simulator.history import Broken, Chunk, HistoryDesk, Offer, Offers, Past
from recado_simulator.link_code import LinkCodeRefused, answer_hello
from recado_simulator.link_offer import PASSKEY_STEPS, LinkOffer
from recado_simulator.node import Node
from recado_simulator.pairings import ScanRefused, answer_of
from recado_simulator.passkey import PasskeyRefused, PasskeyTurn, Prologue, request_options
from recado_simulator.protobuf import bytes_of, decode, int_of
from recado_simulator.signal import SignalDevice

if TYPE_CHECKING:
    from recado_simulator.network import Network

PROTOCOL_MESSAGE, TYPE, REQUEST = 12, 2, 16
PEER_DATA_REQUEST = 16


class Phone(Handset):
    """Links devices, by QR code or by a typed code, and unlinks them; it can send and read as any handset.

    `offers` are the chunks of history that its linked devices were told of; `book`, `chats` and `app_state` what they
    are told of names and settings. `wants_passkey`: a device that it scans has to sign with the account's passkey, and
    to show the same `passkey_code`; whether the signature is right is not looked at.
    """

    def __init__(self, network: Network, account: Account, signal: SignalDevice) -> None:
        super().__init__(network, account, signal)
        self._desk = HistoryDesk(self)
        self.app_state = AppState(self)
        self.book = Book(self)
        self.chats = ChatSettings(self)
        self.wants_passkey = False
        self.passkey_code: str | None = None

    @property
    def offers(self) -> Offers:
        return self._desk.offers

    @property
    def history(self) -> Past | None:
        """What a newly linked device is offered, and where older messages are looked up."""
        return self._desk.history

    @history.setter
    def history(self, history: Past | None) -> None:
        self._desk.history = history

    @property
    def answers_requests(self) -> bool:
        """Whether older messages are told when asked for; otherwise there is silence."""
        return self._desk.answers_requests

    @answers_requests.setter
    def answers_requests(self, on: bool) -> None:
        self._desk.answers_requests = on

    @property
    def answers_inline(self) -> bool:
        """Whether older messages come inside the answer instead of as a file."""
        return self._desk.answers_inline

    @answers_inline.setter
    def answers_inline(self, on: bool) -> None:
        self._desk.answers_inline = on

    async def offer_history(
        self, chunks: Iterable[Chunk], *, inline: bool = False, broken: Broken | None = None
    ) -> list[Offer]:
        """Tells all linked devices of these chunks, in this order. Raises ValueError for an impossible `broken`."""
        return self._desk.offer(chunks, self.account.devices.values(), inline=inline, broken=broken)

    def welcome(self, device: LinkedDevice) -> None:
        if device.was_welcomed:
            return
        device.was_welcomed = True
        self.app_state.welcome(device)
        self._desk.welcome(device)
        self.network.state_changed()

    def take_own_receipt(self, node: Node) -> None:
        self.offers.receipt(node.text("id"), node.text("type") or "delivery")

    def take_peer(self, sender: LinkedDevice, id: str, message: bytes) -> None:
        if self.app_state.answer_request(sender, message):
            return
        protocol = decode(bytes_of(decode(message), PROTOCOL_MESSAGE) or b"")
        if int_of(protocol, TYPE) == PEER_DATA_REQUEST:
            self._desk.asked(sender, id, bytes_of(protocol, REQUEST) or b"")

    async def scan(self, qr: str) -> None:
        """Links the device that shows this QR text; returns when it is paired. Raises ScanRefused."""
        pairings = self.network.pairings
        offer, code = pairings.scanned(qr)
        armed = self.network.faults.of(self.account)
        if armed is not None and armed.old_phone:
            pairings.turn_away(offer)
        secret = await self._by_passkey(offer, code.adv_secret) if self.wants_passkey else code.adv_secret
        await pairings.link(offer, self.account, secret)

    async def _by_passkey(self, offer: LinkOffer, shown: bytes) -> bytes:
        """The adv secret that the device gives once its person has signed, and both have seen the same code."""
        pairings, random = self.network.pairings, self.network.random
        loop = asyncio.get_running_loop()
        offer.steps = {tag: loop.create_future() for tag in PASSKEY_STEPS}
        pairings.tell(offer, "passkey_prologue_request", request_options(random.randbytes(32)))
        try:
            prologue = await answer_of(offer.steps["passkey_prologue"], "nobody signed with the passkey")
            turn = PasskeyTurn(Prologue.read(prologue, shown), random)
            pairings.tell(offer, "crsc_continuation", turn.hello())
            nonce = await answer_of(offer.steps["companion_nonce"], "the device did not answer")
            self.passkey_code = turn.code(nonce.data)
            request = await answer_of(offer.steps["encrypted_pairing_request"], "nobody confirmed the code")
            return turn.adv_secret(request.data)
        except PasskeyRefused as refused:
            raise ScanRefused(str(refused)) from refused

    async def enter_code(self, code: str) -> None:
        """Links the device that asked for a code for this number, by the code it shows. Raises ScanRefused."""
        pairings = self.network.pairings
        offer = pairings.waiting_for_code(self.account)
        assert offer.hello is not None
        try:
            hello = await asyncio.to_thread(
                answer_hello, code, offer.hello.wrapped_ephemeral, self.signal.identity, self.signal.random
            )
            finish = await pairings.primary_hello(offer, hello.wrapped_ephemeral, self.signal.identity.public)
            keys = hello.finish(finish.wrapped_key_bundle, finish.identity_key)
        except LinkCodeRefused as refused:
            raise ScanRefused(str(refused)) from refused
        await pairings.link(offer, self.account, keys.adv_secret)

    async def unlink(self) -> None:
        """Removes all linked devices: 401 device_removed for those online, and at any later login."""
        self.network.unlink(self.account)
