"""A mailbox: what one linked device has not confirmed yet, in order, and what of it is on the wire."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from recado_simulator.parcel import Parcel, ParcelKey


class Mailbox:
    """Offers its parcels to a connection, at most `window` unconfirmed ones at a time, and again to the next one.

    `offline_left` counts those not yet offered that were there when the connection opened.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._kept: dict[int, Parcel] = {}
        self._numbers: dict[ParcelKey, list[int]] = {}
        self._next = 0
        self._to_offer: deque[Parcel] = deque()
        self._on_wire = 0
        self._is_open = False
        self.offline_left = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Parcel]:
        return iter(self._kept.values())

    def put(self, parcels: Iterable[Parcel]) -> None:
        for parcel in parcels:
            self._kept[self._next] = parcel
            self._numbers.setdefault(parcel.key, []).append(self._next)
            self._next += 1
            if self._is_open:
                self._to_offer.append(parcel)

    def open(self) -> list[Parcel]:
        """A connection is ready: everything unconfirmed is to be offered, from the oldest on."""
        self._is_open = True
        self._on_wire = 0
        for parcel in self._kept.values():
            parcel.is_on_wire = False
        self._to_offer = deque(self._kept.values())
        self.offline_left = len(self._to_offer)
        return list(self._to_offer)

    def close(self) -> None:
        self._is_open = False
        self._to_offer.clear()

    def offer(self, has_room: Callable[[], bool]) -> Iterator[Parcel]:
        """The parcels that go on the wire now, one by one, while the window and the connection have room."""
        while self._to_offer and self._on_wire < self._window and has_room():
            parcel = self._to_offer.popleft()
            if self.offline_left:
                self.offline_left -= 1
            if parcel.is_confirmed:
                continue
            parcel.was_offered = parcel.is_on_wire = True
            self._on_wire += 1
            yield parcel

    def confirm(self, key: ParcelKey) -> Parcel | None:
        """Ends redelivery of the oldest parcel of this key that was ever offered; None when there is none."""
        for number in self._numbers.get(key, ()):
            if self._kept[number].was_offered:
                return self._remove(number)
        return None

    def discard(self, key: ParcelKey) -> None:
        """Forgets all parcels of this key, confirmed by nobody."""
        for number in list(self._numbers.get(key, ())):
            self._remove(number)

    def _remove(self, number: int) -> Parcel:
        parcel = self._kept.pop(number)
        parcel.is_confirmed = True
        self._on_wire -= parcel.is_on_wire
        numbers = self._numbers[parcel.key]
        numbers.remove(number)
        if not numbers:
            del self._numbers[parcel.key]
        return parcel
