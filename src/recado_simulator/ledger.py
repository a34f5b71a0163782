"""The ledger: what the network knows of every message, so that a test can prove what was lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from recado_simulator.account import LinkedDevice

CHECK_EVERY = 0.01  # seconds: a busy network changes thousands of rows a second


@dataclass(slots=True, kw_only=True, eq=False)
class LedgerRow:
    """One message id and one linked device; times are seconds since 1970 UTC.

    `direction` "in" is a message for the device: `account` is the device's, `sender` the address on the wire, and
    `participant` the member who wrote when that is a group.
    `direction` "out" is one that the device sent: `account` is the device's, `recipient` the address on the wire,
    `copies` counts how often the network got it. `decrypted_by` and `read_by` are the numbers of those who did, of
    `readers` in all; `decrypted` and `read` say that none is missing.
    """

    direction: Literal["in", "out"]
    id: str
    account: str
    device: int
    sender: str
    recipient: str
    queued_at: float
    offers: int = 0
    confirmed_by: str | None = None
    confirmed_at: float | None = None
    receipts: list[str] = field(default_factory=list)
    retries: int = 0
    acked: bool = False
    copies: int = 0
    decrypted: bool = False
    read: bool = False
    participant: str = ""
    readers: int = 1
    decrypted_by: list[str] = field(default_factory=list)
    read_by: list[str] = field(default_factory=list)

    def decrypted_for(self, reader: str) -> None:
        """Somebody (a number) it was for could decrypt it."""
        if reader not in self.decrypted_by:
            self.decrypted_by.append(reader)
        self.decrypted = len(self.decrypted_by) >= self.readers

    def read_for(self, reader: str) -> None:
        """Somebody (a number) it was for has read it."""
        if reader not in self.read_by:
            self.read_by.append(reader)
        self.read = len(self.read_by) >= self.readers

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


RowKey = tuple[str, str, int, str, str, str]


class Ledger:
    """All rows, in the order in which their messages reached the network."""

    def __init__(self) -> None:
        self._rows: dict[RowKey, LedgerRow] = {}
        self._accounts: dict[str, dict[RowKey, LedgerRow]] = {}
        self._confirmed: dict[str, dict[RowKey, LedgerRow]] = {}
        self._waiting: list[tuple[Callable[[Ledger], Any], asyncio.Future[None]]] = []
        self._check: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> list[LedgerRow]:
        return list(self._rows.values())

    def of(self, account: object) -> list[LedgerRow]:
        """Both directions of an account's linked devices; a phone or its number."""
        return list(self._accounts.get(str(account), {}).values())

    def inbound(self, account: object) -> list[LedgerRow]:
        return [row for row in self.of(account) if row.direction == "in"]

    def outbound(self, account: object) -> list[LedgerRow]:
        return [row for row in self.of(account) if row.direction == "out"]

    def confirmed(self, account: object) -> list[LedgerRow]:
        """The messages for the account whose redelivery has ended."""
        return list(self._confirmed.get(str(account), {}).values())

    def unconfirmed(self, account: object) -> list[LedgerRow]:
        return [row for row in self.inbound(account) if row.confirmed_at is None]

    def offered(self, account: object) -> list[LedgerRow]:
        """The messages for the account that were on the wire at least once."""
        return [row for row in self.inbound(account) if row.offers]

    def row(self, account: object, id: str) -> LedgerRow:
        """The only row of this id. Raises LookupError when there are none or several."""
        found = [row for row in self.of(account) if row.id == id]
        if len(found) != 1:
            raise LookupError(f"{len(found)} rows have the id {id}")
        return found[0]

    async def wait(self, condition: Callable[[Ledger], Any], timeout: float = 60) -> None:
        """Returns once the condition holds; `timeout` (seconds) only guards against hanging.

        Raises TimeoutError that says how far the ledger had come.
        """
        if condition(self):
            return
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((condition, done))
        try:
            async with asyncio.timeout(timeout):
                await done
        except TimeoutError:
            raise TimeoutError(f"the ledger never got there: {self.counts()}") from None
        finally:
            self._waiting = [entry for entry in self._waiting if entry[1] is not done]

    def counts(self, account: object = None) -> dict[str, int]:
        """How many messages got how far: `in`, `offered`, `confirmed`, and `out`, `acked`, `decrypted`, `read`."""
        rows = self.rows() if account is None else self.of(account)
        inbound = [row for row in rows if row.direction == "in"]
        return {
            "in": len(inbound),
            "offered": sum(row.offers > 0 for row in inbound),
            "confirmed": sum(row.confirmed_at is not None for row in inbound),
            "out": len(rows) - len(inbound),
            "acked": sum(row.acked for row in rows),
            "decrypted": sum(row.decrypted for row in rows),
            "read": sum(row.read for row in rows),
        }

    def open(self, row: LedgerRow) -> LedgerRow:
        """Enters a row, or gives the one that is there for the same message and device."""
        key = key_of(row)
        held = self._rows.setdefault(key, row)
        if held is row:
            self._accounts.setdefault(row.account, {})[key] = row
            if row.confirmed_at is not None:
                self._confirmed.setdefault(row.account, {})[key] = row
        self.changed()
        return held

    def confirm(self, row: LedgerRow, by: str, at: float) -> None:
        row.confirmed_by, row.confirmed_at = by, at
        self._confirmed.setdefault(row.account, {})[key_of(row)] = row
        self.changed()

    def reopen(self, row: LedgerRow) -> None:
        """The sender sends the message anew: it is unconfirmed again."""
        row.retries += 1
        row.confirmed_by = row.confirmed_at = None
        self._confirmed.get(row.account, {}).pop(key_of(row), None)
        self.changed()

    def inbound_row(self, device: LinkedDevice, sender: str, id: str, participant: str = "") -> LedgerRow | None:
        """The row of a message for this device from this address."""
        return self._rows.get(("in", device.account.phone, device.number, sender, id, participant))

    def changed(self) -> None:
        """Something in a row has changed: conditions are looked at again, soon."""
        if self._waiting and self._check is None:
            self._check = asyncio.get_running_loop().call_later(CHECK_EVERY, self._look)

    def _look(self) -> None:
        self._check = None
        for condition, done in self._waiting:
            if done.done():
                continue
            try:
                if condition(self):
                    done.set_result(None)
            except Exception as error:
                done.set_exception(error)


def key_of(row: LedgerRow) -> RowKey:
    other = row.sender if row.direction == "in" else row.recipient
    return (row.direction, row.account, row.device, other, row.id, row.participant)
