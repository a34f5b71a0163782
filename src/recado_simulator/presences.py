"""Presences: who is there, who is typing, and which linked devices are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from recado_simulator.account import Account
from recado_simulator.jid import Jid
from recado_simulator.letter import SERVERS, Address
from recado_simulator.node import Node, Value
from recado_simulator.witness import Kind, Sighting

if TYPE_CHECKING:
    from recado_simulator.connection import Connection
    from recado_simulator.network import Network

Typing = Literal["composing", "recording", "paused"]
LastSeen = int | Literal["deny"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """`last_seen`, for who is not available: seconds since 1970, "deny" when hidden, None when not told."""

    is_available: bool = False
    last_seen: LastSeen = None

    def node(self, sender: Jid) -> Node:
        attrs: dict[str, Value] = {"from": sender}
        if not self.is_available:
            attrs["type"] = "unavailable"
            if self.last_seen is not None:
                attrs["last"] = str(self.last_seen)
        return Node("presence", attrs)


class Presences:
    """As on the real network a linked device is told of presence and typing only while it is available itself, and
    of the presence of those alone that it has asked to watch on this connection. Handsets see everything.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: dict[str, Presence] = {}
        self._watched: dict[Connection, list[Jid]] = {}
        self._available: set[Connection] = set()

    def of(self, account: Account) -> Presence:
        return self._known.get(account.phone, Presence())

    def set(self, account: Account, presence: Presence) -> int:
        """Returns how many linked devices were told."""
        self._known[account.phone] = presence
        state = "available" if presence.is_available else "unavailable"
        for handset in self._network.handsets:
            if handset.account is not account:
                handset.sees.add(self._sighting("presence", account, state, None))
        told = [
            (connection, jid)
            for connection in self._available
            for jid in self._watched.get(connection, ())
            if self._network.directory.of_jid(jid) is account
        ]
        for connection, jid in told:
            connection.send(presence.node(jid))
        return len(told)

    def watchers(self, account: Account) -> int:
        """How many linked devices have asked to be told of this account."""
        addresses = (account.lid_jid, account.phone_jid)
        return sum(any(jid in addresses for jid in watched) for watched in self._watched.values())

    def watch(self, connection: Connection, jid: Jid) -> None:
        """A linked device wants to be told of an account, under the address that it has used."""
        if not self._is_known(connection):
            connection.on_end(lambda: self._gone(connection))
        watched = self._watched.setdefault(connection, [])
        if jid.bare not in watched:
            watched.append(jid.bare)
        self._show(connection, jid.bare)

    def says(self, connection: Connection, account: Account, *, is_available: bool) -> None:
        """A linked device is available, or not any longer."""
        if not self._is_known(connection):
            connection.on_end(lambda: self._gone(connection))
        if is_available:
            self._available.add(connection)
            for jid in self._watched.get(connection, ()):
                self._show(connection, jid)
        else:
            self._available.discard(connection)
        self.set(account, Presence(is_available=is_available, last_seen=self._last_seen(is_available)))

    def type(self, account: Account, to: object, state: Typing, address: Address) -> int:
        """Somebody types to an account or into a group; returns how many linked devices were told.

        Raises ValueError for an unknown state, LookupError for an unknown number.
        """
        if state not in get_args(Typing):
            raise ValueError(f"{state!r} is none of {', '.join(get_args(Typing))}")
        group = self._network.groups.find(to)
        people = group.accounts if group else [self._network.account(str(to))]
        sender = account.address(group.server if group else SERVERS[address])
        attrs: dict[str, Value] = {"from": group.jid, "participant": sender} if group else {"from": sender}
        node = Node("chatstate", attrs, [typing_node(state)])
        told = 0
        for one in people:
            if one is not account:
                chat = group.jid if group else one.address(sender.server)
                self._network.handset(one).sees.add(self._sighting("typing", account, state, chat))
                told += self._tell(one, node)
        return told

    def _tell(self, account: Account, node: Node) -> int:
        online = [device.connection for device in account.devices.values() if device.connection in self._available]
        for connection in online:
            if connection is not None:
                connection.send(node)
        return len(online)

    def _show(self, connection: Connection, jid: Jid) -> None:
        account = self._network.directory.of_jid(jid)
        if account is not None and connection in self._available:
            connection.send(self.of(account).node(jid))

    def _gone(self, connection: Connection) -> None:
        self._watched.pop(connection, None)
        if connection in self._available and connection.device is not None:
            self.says(connection, connection.device.account, is_available=False)

    def _is_known(self, connection: Connection) -> bool:
        return connection in self._watched or connection in self._available

    def _last_seen(self, is_available: bool) -> LastSeen:
        return None if is_available else int(self._network.now())

    def _sighting(self, kind: Kind, account: Account, state: str, chat: Jid | None) -> Sighting:
        return Sighting(kind=kind, who=account.phone, state=state, at=self._network.now(), chat=chat)


def typing_node(state: Typing) -> Node:
    if state == "recording":
        return Node("composing", {"media": "audio"})
    return Node(state)


def read_typing(node: Node) -> Typing | None:
    """What a `<chatstate>` says; None when it says nothing that is known."""
    composing = node.first("composing")
    if composing is not None:
        return "recording" if composing.text("media") == "audio" else "composing"
    return "paused" if node.first("paused") else None
