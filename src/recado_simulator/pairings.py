"""Pairings: the offers of clients that wait for a phone, and how one of them becomes a linked device."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn, TypeVar

from recado_simulator.account import Account, LinkedDevice
from recado_simulator.identity import (
    DeviceDetails,
    IdentityRefused,
    SignedDeviceIdentity,
    check_device_signature,
    sign_device,
)
from recado_simulator.jid import NETWORK
from recado_simulator.link_offer import CompanionFinish, CompanionHello, LinkOffer
from recado_simulator.login import Registration
from recado_simulator.node import Node, Value
from recado_simulator.qr import NotAPairingCode, PairingQr

if TYPE_CHECKING:
    from recado_simulator.connection import Connection
    from recado_simulator.network import Network

REFS = 6
ANSWER_WITHIN = 60  # seconds that a client has for each step of pairing

T = TypeVar("T")


class ScanRefused(RuntimeError):
    """The phone could not link the device; the text says why."""


class Pairings:
    """Both ways of linking end in `link`; a client whose last QR code has expired is sent away."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._offers: list[LinkOffer] = []
        self._expired: set[str] = set()

    def offer(self, connection: Connection, registration: Registration) -> None:
        """Shows a registering client its QR refs."""
        loop = asyncio.get_running_loop()
        options, random = self._network.options, self._network.random
        ends = [loop.time() + (options.qr_first_ms + n * options.qr_next_ms) / 1000 for n in range(REFS)]
        refs = {f"2@{random.randbytes(24).hex()}": end for end in ends}
        offer = LinkOffer(connection=connection, registration=registration, refs=refs)
        self._offers.append(offer)
        offer.timers.append(loop.call_at(ends[-1], connection.end))
        connection.on_end(lambda: self._withdraw(offer))
        children = [Node("ref", {}, ref.encode()) for ref in refs]
        connection.ask(self._iq([Node("pair-device", {}, children)]))

    def hello(self, connection: Connection, hello: CompanionHello) -> str:
        """A client asks to be linked by code: the ref under which the phone's answer will come."""
        offer = next(offer for offer in self._offers if offer.connection is connection)
        offer.hello = hello
        offer.code_ref = f"3@{self._network.random.randbytes(24).hex()}"
        return offer.code_ref

    def finish(self, ref: str, finish: CompanionFinish) -> None:
        offer = next((offer for offer in self._offers if offer.code_ref == ref), None)
        if offer is not None and offer.finished is not None and not offer.finished.done():
            offer.finished.set_result(finish)

    def scanned(self, text: str) -> tuple[LinkOffer, PairingQr]:
        """The offer behind a QR code. Raises ScanRefused."""
        try:
            qr = PairingQr.parse(text)
        except NotAPairingCode as error:
            raise ScanRefused(str(error)) from error
        offer = next((offer for offer in self._offers if qr.ref in offer.refs), None)
        if offer is None:
            raise ScanRefused("expired ref" if qr.ref in self._expired else "unknown ref")
        if asyncio.get_running_loop().time() >= offer.refs[qr.ref]:
            raise ScanRefused("expired ref")
        if qr.noise != offer.connection.client_key or qr.identity != offer.registration.identity_key:
            raise ScanRefused("the keys of the QR code are not those of the device that shows it")
        return offer, qr

    def waiting_for_code(self, account: Account) -> LinkOffer:
        """The newest client that has asked for a code for this account. Raises ScanRefused."""
        for offer in reversed(self._offers):
            if offer.hello is not None and offer.hello.phone == account.phone:
                return offer
        raise ScanRefused(f"no device is waiting for a code of {account.phone}")

    async def primary_hello(self, offer: LinkOffer, wrapped: bytes, identity: bytes) -> CompanionFinish:
        """Sends the phone's half of the code pairing and waits for the client's. Raises ScanRefused."""
        offer.finished = asyncio.get_running_loop().create_future()
        children = {
            "link_code_pairing_wrapped_primary_ephemeral_pub": wrapped,
            "primary_identity_pub": identity,
            "link_code_pairing_ref": (offer.code_ref or "").encode(),
        }
        stage = Node(
            "link_code_companion_reg",
            {"stage": "primary_hello"},
            [Node(tag, {}, data) for tag, data in children.items()],
        )
        self.tell(offer, "link_code_companion_reg", stage)
        return await answer_of(offer.finished, "the device did not finish the pairing by code")

    def turn_away(self, offer: LinkOffer) -> NoReturn:
        """A phone that knows no linked devices has scanned the code. Raises ScanRefused."""
        offer.connection.send(Node("ib", {"from": NETWORK}, [Node("downgrade_webclient", {})]))
        raise ScanRefused("the phone is too old to link devices")

    def tell(self, offer: LinkOffer, type: str, child: Node) -> None:
        """A notification from the network to a client that waits for a phone."""
        attrs: dict[str, Value] = {"from": NETWORK, "type": type, "id": self._network.next_id()}
        offer.connection.send(Node("notification", {**attrs, "t": str(int(self._network.now()))}, [child]))

    def passkey_ref(self) -> str:
        """A ref by which a client that signs with a passkey names this linking."""
        return f"4@{self._network.random.randbytes(24).hex()}"

    def passkey_step(self, connection: Connection, step: Node) -> None:
        offer = next(offer for offer in self._offers if offer.connection is connection)
        if (waiting := offer.steps.get(step.tag)) is not None and not waiting.done():
            waiting.set_result(step)

    async def link(self, offer: LinkOffer, account: Account, adv_secret: bytes) -> LinkedDevice:
        """Links the client to the account: pair-success, its signature, then the restart. Raises ScanRefused."""
        network = self._network
        number = account.last_device + 1
        details = DeviceDetails(raw_id=account.raw_id, timestamp=int(network.now()), key_index=number)
        phone_identity = network.handset(account).signal.identity
        identity = sign_device(phone_identity, offer.registration.identity_key, details, network.random)
        success = pair_success(account, number, identity.seal(adv_secret))
        reply = await answer_of(offer.connection.ask(self._iq([success])), "the device did not answer")
        signed = signed_identity(reply, phone_identity.public, offer.registration.identity_key)
        account.last_device = number
        device = LinkedDevice(
            account=account,
            number=number,
            noise_key=offer.connection.client_key,
            registration_id=offer.registration.registration_id,
            identity_key=offer.registration.identity_key,
            signed_prekey=offer.registration.signed_prekey,
            signed_identity=signed,
            mailbox=network.new_mailbox(),
        )
        account.devices[number] = device
        network.state_changed()
        offer.connection.end(Node("stream:error", {"code": "515"}))
        return device

    def _iq(self, children: list[Node]) -> Node:
        attrs: dict[str, Value] = {"from": NETWORK, "id": self._network.next_id(), "type": "set", "xmlns": "md"}
        return Node("iq", attrs, children)

    def _withdraw(self, offer: LinkOffer) -> None:
        self._offers.remove(offer)
        self._expired.update(offer.refs)
        for timer in offer.timers:
            timer.cancel()
        for step in (offer.finished, *offer.steps.values()):
            if step is not None:
                step.cancel()


def pair_success(account: Account, number: int, sealed_identity: bytes) -> Node:
    jid, lid = account.phone_jid.of_device(number), account.lid_jid.of_device(number)
    return Node(
        "pair-success",
        {},
        [
            Node("device-identity", {}, sealed_identity),
            Node("device", {"jid": jid, "lid": lid}),
            Node("platform", {"name": "android"}),
        ],
    )


def signed_identity(reply: Node, account_key: bytes, device_key: bytes) -> bytes:
    """The device identity with both signatures, as others will fetch it. Raises ScanRefused."""
    error = reply.first("error")
    if error is not None:
        raise ScanRefused(f"the device refused: {error.text('text') or error.text('code')}")
    node = reply.first("pair-device-sign", "device-identity")
    if node is None:
        raise ScanRefused("the device did not sign its identity")
    try:
        identity = SignedDeviceIdentity.decode(node.data)
        check_device_signature(identity, account_key, device_key)
    except IdentityRefused as refused:
        raise ScanRefused(str(refused)) from refused
    return SignedDeviceIdentity(
        details=identity.details,
        account_key=account_key,
        account_signature=identity.account_signature,
        device_signature=identity.device_signature,
    ).encode()


async def answer_of(answer: asyncio.Future[T], otherwise: str) -> T:
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return await answer
    except TimeoutError:
        raise ScanRefused(otherwise) from None
    except asyncio.CancelledError:
        if answer.cancelled():
            raise ScanRefused("the device went away") from None
        raise
