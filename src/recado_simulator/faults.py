"""Faults on demand: what goes wrong on the network, for one account or for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recado_simulator import time_lock
from recado_simulator.damage import damaged_stanza
from recado_simulator.farewells import replaced
from recado_simulator.jid import Jid
from recado_simulator.node import Node

if TYPE_CHECKING:
    from recado_simulator.account import Account
    from recado_simulator.connection import Connection
    from recado_simulator.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a login is answered with; `expires_ms` is how long a ban lasts."""

    code: int
    expires_ms: int | None = None

    def node(self) -> Node:
        attrs = {"reason": str(self.code), "location": "sim"}
        if self.code == 402:
            attrs |= {"code": "101", "expire": str((self.expires_ms or 0) // 1000)}
        return Node("failure", attrs)


@dataclass(slots=True, kw_only=True)
class Armed:
    """The faults that wait for one account's next stanzas."""

    failure: Failure | None = None
    failures_left: int = 0
    silent_pings: bool = False
    silent_phone: bool = False
    old_phone: bool = False
    ack_delay_ms: int = 0
    withholds_acks: bool = False
    corrupt_left: int = 0
    nack_code: int = 0
    nacks_left: int = 0
    locked_until: float = 0


class Faults:
    """Each fault takes a phone, or its number, as first argument; `clear` ends them all."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._armed: dict[str, Armed] = {}
        self.refuses_connections = False

    def cut(self, phone: object) -> None:
        """Closes the account's TCP connections without a word."""
        for connection in self._connections(phone):
            connection.cut()

    def stream_error(self, phone: object, code: int = 503) -> None:
        for connection in self._connections(phone):
            connection.end(Node("stream:error", {"code": str(code)}))

    def conflict(self, phone: object) -> None:
        """The session was opened elsewhere."""
        for connection in self._connections(phone):
            connection.end(replaced())

    def device_removed(self, phone: object) -> None:
        """All linked devices of the account are unlinked: 401 when online, and at any later login."""
        self._network.unlink(self._account(phone))

    def failure(self, phone: object, code: int, times: int = 1, expires_ms: int | None = None) -> None:
        """Answers the account's next logins with `<failure reason=code>`."""
        armed = self._of(phone)
        armed.failure, armed.failures_left = Failure(code=code, expires_ms=expires_ms), times

    def deaf(self, phone: object) -> None:
        """The account's present connections get nothing but answers; the rest waits for the next ones."""
        for connection in self._connections(phone):
            connection.deafen()

    def silent_pings(self, phone: object, on: bool = True) -> None:
        """Leaves pings unanswered, the socket open."""
        self._of(phone).silent_pings = on

    def silent_phone(self, phone: object, on: bool = True) -> None:
        """The phone itself is off: it confirms nothing and answers none of its devices, to which all else goes on."""
        self._of(phone).silent_phone = on

    def old_phone(self, phone: object, on: bool = True) -> None:
        """The phone knows no linked devices: who shows it a QR code hears that it was scanned in vain."""
        self._of(phone).old_phone = on

    def delay_acks(self, phone: object, ms: int) -> None:
        """Acks for what the device sends come `ms` late; what was sent is delivered at once."""
        self._of(phone).ack_delay_ms = ms

    def withhold_acks(self, phone: object, on: bool = True) -> None:
        """Acks for what the device sends never come; what was sent is delivered."""
        self._of(phone).withholds_acks = on

    def corrupt(self, phone: object, times: int = 1) -> None:
        """The next messages put on the wire for the account's devices carry broken ciphertext."""
        self._of(phone).corrupt_left = times

    def nack(self, phone: object, code: int, times: int = 1) -> None:
        """Answers the device's next sends with `<ack error=code>`; they are not delivered."""
        armed = self._of(phone)
        armed.nack_code, armed.nacks_left = code, times

    def time_lock(self, phone: object, seconds: float = 3600, *, is_told: bool = True) -> None:
        """The account may start no new chats for so long (0: it may again): they are refused with 463.

        `is_told`: its linked devices are notified, with the end.
        """
        account, now = self._account(phone), self._network.now()
        self._of(phone).locked_until = now + seconds
        if is_told:
            time_lock.tell(self._network, account, now + seconds if seconds > 0 else None)

    def refuse_connections(self, phone: object = None, *, on: bool = True) -> None:
        """Nobody gets through the handshake, whichever phone is named: before it the network cannot tell who dials."""
        self.refuses_connections = on

    def clear(self, phone: object = None) -> None:
        """All of the above off, for one account or for everybody."""
        if phone is None:
            self._armed.clear()
            self.refuses_connections = False
        else:
            self._armed.pop(str(phone), None)

    def of(self, account: Account) -> Armed | None:
        return self._armed.get(account.phone)

    def next_failure(self, account: Account) -> Failure | None:
        """What this login is answered with, if anything."""
        armed = self.of(account)
        if armed is None or not armed.failures_left:
            return None
        armed.failures_left -= 1
        return armed.failure

    def next_nack(self, account: Account) -> int:
        """The code that this send is refused with, 0 for none."""
        armed = self.of(account)
        if armed is None or not armed.nacks_left:
            return 0
        armed.nacks_left -= 1
        return armed.nack_code

    def refusal(self, account: Account, to: Jid | None) -> int:
        """The code that a send to that address is refused with, 0 for none."""
        armed = self.of(account)
        if armed is None or armed.locked_until <= self._network.now():
            return 0
        return time_lock.REFUSAL if time_lock.is_new_chat(self._network, account, to) else 0

    def corrupted(self, account: Account, encoded: bytes) -> bytes:
        """An encoded message as it goes on the wire."""
        armed = self.of(account)
        if armed is None or not armed.corrupt_left:
            return encoded
        armed.corrupt_left -= 1
        codec = self._network.codec
        return codec.encode(damaged_stanza(codec.decode(encoded)))

    def _of(self, phone: object) -> Armed:
        return self._armed.setdefault(self._account(phone).phone, Armed())

    def _account(self, phone: object) -> Account:
        return self._network.account(str(phone))

    def _connections(self, phone: object) -> list[Connection]:
        devices = self._account(phone).devices.values()
        return [device.connection for device in devices if device.connection is not None]
