"""An offer: a chunk of history that a phone has told a linked device of, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from recado_simulator.history.chunk import Chunk
from recado_simulator.ledger import Ledger
from recado_simulator.protobuf import encode
from recado_simulator.shelf import Shelf

PROTOCOL_MESSAGE, TYPE, NOTIFICATION = 12, 2, 6
HISTORY_SYNC_NOTIFICATION = 5


@dataclass(slots=True, kw_only=True, eq=False)
class Offer:
    """`id` is that of the peer message, `device` the number of the linked device, `path` where the file lies.

    An inline offer has no path. `notification` is the HistorySyncNotification, `request` the id of what it answers.
    `receipts` are the types that the device has sent for it, in order.
    """

    chunk: Chunk
    device: int
    notification: bytes
    path: str | None
    request: str | None
    shelf: Shelf
    id: str = ""
    receipts: list[str] = field(default_factory=list)

    @property
    def reads(self) -> int:
        """How often the file was asked for."""
        return self.shelf.reads(self.path) if self.path else 0

    @property
    def is_deleted(self) -> bool:
        """Whether the device has had the file deleted."""
        return self.path is not None and self.shelf.was_removed(self.path)

    @property
    def message(self) -> bytes:
        """The Message that carries the notification."""
        return encode(
            [(PROTOCOL_MESSAGE, encode([(TYPE, HISTORY_SYNC_NOTIFICATION), (NOTIFICATION, self.notification)]))]
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "device": self.device,
            "sync_type": self.chunk.sync_type.name,
            "order": self.chunk.order,
            "request": self.request,
            "receipts": self.receipts,
            "reads": self.reads,
            "is_deleted": self.is_deleted,
        }


class Offers:
    """All offers of a phone, in order."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._offers: list[Offer] = []

    def __iter__(self) -> Iterator[Offer]:
        return iter(self._offers)

    def __len__(self) -> int:
        return len(self._offers)

    def __getitem__(self, index: int) -> Offer:
        return self._offers[index]

    def add(self, offer: Offer) -> None:
        self._offers.append(offer)
        self._ledger.changed()

    def receipt(self, id: str, type: str) -> None:
        for offer in self._offers:
            if offer.id == id:
                offer.receipts.append(type)
        self._ledger.changed()

    async def wait(self, condition: Callable[[Offers], Any], timeout: float = 10) -> None:
        """Returns once the condition holds; `timeout` (seconds) only guards against hanging. Raises TimeoutError."""
        await self._ledger.wait(lambda _: condition(self), timeout)
