"""A desk: where a phone offers its history to its linked devices and answers those that ask for more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from recado_simulator.account import LinkedDevice
from recado_simulator.history.chunk import Chunk, SyncType
from recado_simulator.history.offer import Offer, Offers
from recado_simulator.history.packing import Broken, filed_offer, inline_offer
from recado_simulator.history.past import Past
from recado_simulator.protobuf import bytes_of, decode, encode, int_of

if TYPE_CHECKING:
    from recado_simulator.phone import Phone

PROTOCOL_MESSAGE, TYPE, RESPONSE = 12, 2, 17
PEER_DATA_RESPONSE = 17
HISTORY_ON_DEMAND = 3
FIFTY = 50


class HistoryDesk:
    """`answers_requests` says whether the phone answers, `answers_inline` whether it does so without a file."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self.history: Past | None = None
        self.answers_requests = True
        self.answers_inline = False
        self.offers = Offers(phone.network.ledger)

    def welcome(self, device: LinkedDevice) -> None:
        """A new device is offered all of it."""
        if self.history is not None:
            self.offer(self.history.chunks, [device])

    def offer(
        self,
        chunks: Iterable[Chunk],
        devices: Iterable[LinkedDevice],
        *,
        inline: bool = False,
        broken: Broken | None = None,
        request: str | None = None,
    ) -> list[Offer]:
        """Tells each device of each chunk. Raises ValueError for a way to be broken that an inline chunk has not."""
        told = list(chunks)
        return [self._tell(chunk, device, inline, broken, request) for device in devices for chunk in told]

    def asked(self, device: LinkedDevice, id: str, operation: bytes) -> None:
        """A PeerDataOperationRequestMessage: answered when it is about history, and the phone does answer."""
        fields = decode(operation)
        if int_of(fields, 1) != HISTORY_ON_DEMAND or self.history is None or not self.answers_requests:
            return
        wanted = decode(bytes_of(fields, 4) or b"")
        chat, oldest = ((bytes_of(wanted, number) or b"").decode() for number in (1, 2))
        count = int_of(wanted, 4) or FIFTY
        conversation = self.history.older(chat, oldest, int_of(wanted, 5) or 0, count)
        self._phone.send_peer(device, response(id))
        chunk = Chunk.of(SyncType.ON_DEMAND, [conversation])
        self.offer([chunk], [device], inline=self.answers_inline, request=id)

    def _tell(
        self, chunk: Chunk, device: LinkedDevice, inline: bool, broken: Broken | None, request: str | None
    ) -> Offer:
        network = self._phone.network
        if inline:
            offer = inline_offer(chunk, device.number, network.shelf, request, broken)
        else:
            key = network.random.randbytes(32)
            offer = filed_offer(chunk, device.number, network.shelf, request, broken, key)
        offer.id = self._phone.send_peer(device, offer.message)
        self.offers.add(offer)
        return offer


def response(request: str) -> bytes:
    """The Message that says that a request was heard."""
    heard = encode([(1, HISTORY_ON_DEMAND), (2, request.encode())])
    return encode([(PROTOCOL_MESSAGE, encode([(TYPE, PEER_DATA_RESPONSE), (RESPONSE, heard)]))])
