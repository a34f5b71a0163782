"""The directory: who has which number and which LID."""

from __future__ import annotations

from collections.abc import Iterator

from recado_simulator.account import Account, LinkedDevice
from recado_simulator.jid import LID_SERVER, Jid

BRAZIL, AREA_END, NINTH = "55", 4, "9"
WITH_NINTH, WITHOUT_NINTH = 13, 12


class Directory:
    """All accounts of the network."""

    def __init__(self) -> None:
        self._by_phone: dict[str, Account] = {}
        self._by_lid: dict[str, Account] = {}

    def __iter__(self) -> Iterator[Account]:
        return iter(list(self._by_phone.values()))

    def add(self, account: Account) -> None:
        """Raises ValueError when the number or the LID is taken."""
        if account.phone in self._by_phone or account.lid in self._by_lid:
            raise ValueError(f"{account.phone} or LID {account.lid} is taken")
        self._by_phone[account.phone] = account
        self._by_lid[account.lid] = account

    def of_phone(self, phone: str) -> Account | None:
        return self._by_phone.get(phone)

    def of_jid(self, jid: Jid) -> Account | None:
        held = self._by_lid if jid.server == LID_SERVER else self._by_phone
        return held.get(jid.user)

    def device(self, jid: Jid) -> LinkedDevice | None:
        account = self.of_jid(jid)
        return account.devices.get(jid.device) if account else None

    def dialled(self, digits: str) -> Account | None:
        """Who answers to a number as people write it: Brazilian mobiles also with or without the ninth digit."""
        return self._by_phone.get(digits) or self._by_phone.get(other_spelling(digits))


def other_spelling(digits: str) -> str:
    """A Brazilian mobile number with its ninth digit when it was without, and the other way; else as it is."""
    if not digits.startswith(BRAZIL):
        return digits
    area, subscriber = digits[:AREA_END], digits[AREA_END:]
    if len(digits) == WITH_NINTH and subscriber.startswith(NINTH):
        return area + subscriber[1:]
    if len(digits) == WITHOUT_NINTH and subscriber[0] in "6789":
        return area + NINTH + subscriber
    return digits
