"""`usync`: who is on WhatsApp, under which LID, with which devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from recado_simulator.account import Account
from recado_simulator.identity import KeyIndexList
from recado_simulator.iq.query import IqError, Query
from recado_simulator.jid import LID_SERVER, PHONE_SERVER, Jid
from recado_simulator.node import Node

if TYPE_CHECKING:
    from recado_simulator.network import Network

Protocol = Callable[["Network", Account], Node]


def answer(query: Query) -> list[Node]:
    usync = query.node.first("usync")
    asked, users = query.node.first("usync", "query"), query.node.first("usync", "list")
    if usync is None or asked is None or users is None:
        raise IqError(400, "bad-request")
    found = [describe(query.network, user, asked) for user in users.all("user")]
    attrs = {name: usync.text(name) for name in ("sid", "mode", "context")}
    listed = Node("list", {}, [user for user in found if user is not None])
    return [Node("usync", {**attrs, "index": "0", "last": "true"}, [Node("result"), listed])]


def describe(network: Network, user: Node, asked: Node) -> Node | None:
    """One `<user>` of the answer; None for an address that nobody has."""
    contact = user.first("contact")
    if contact is not None and contact.data:
        return by_number(network, contact.data, asked)
    jid = user.jid("jid") or lid_asked(user)
    account = network.directory.of_jid(jid) if jid else None
    if jid is None or account is None:
        return None
    return Node("user", {"jid": jid.bare}, facts(network, account, asked))


def lid_asked(user: Node) -> Jid | None:
    lid = user.first("lid")
    return lid.jid("jid") if lid else None


def by_number(network: Network, query: bytes, asked: Node) -> Node:
    """A number as a person wrote it (`+55…@c.us`): in or out, the answer repeats the query."""
    digits = "".join(filter(str.isdigit, query.decode(errors="replace").partition("@")[0]))
    account = network.directory.dialled(digits)
    if account is None:
        return Node("user", {"pn_jid": Jid(digits, PHONE_SERVER)}, [Node("contact", {"type": "out"}, query)])
    contact = asked.first("contact")
    by_lid = contact is not None and contact.text("addressing_mode") == LID_SERVER
    attrs = {"jid": account.lid_jid if by_lid else account.phone_jid, "pn_jid": account.phone_jid}
    return Node("user", attrs, [Node("contact", {"type": "in"}, query), *facts(network, account, asked)])


def facts(network: Network, account: Account, asked: Node) -> list[Node]:
    return [PROTOCOLS[node.tag](network, account) for node in asked.children if node.tag in PROTOCOLS]


def devices(network: Network, account: Account) -> Node:
    listed = [Node("device", {"id": "0"})]
    listed += [Node("device", {"id": str(n), "key-index": str(n)}) for n in account.devices]
    children = [Node("device-list", {"hash": "none"}, listed)]
    if account.devices:
        children.append(key_index_list(network, account))
    return Node("devices", {}, children)


def key_index_list(network: Network, account: Account) -> Node:
    """The account's word on which of its devices are valid; some clients skip the account without it."""
    now = int(network.now())
    indexes = KeyIndexList(
        raw_id=account.raw_id,
        timestamp=now,
        current_index=account.last_device,
        valid_indexes=(0, *account.devices),
    )
    signed = indexes.sign(network.handset(account).signal.identity, network.random)
    return Node("key-index-list", {"ts": str(now)}, signed)


def lid(network: Network, account: Account) -> Node:
    return Node("lid", {"val": account.lid_jid})


def status(network: Network, account: Account) -> Node:
    return Node("status", {}, b"")


def picture(network: Network, account: Account) -> Node:
    held = network.pictures.of(account)
    return Node("picture", {"id": held.id} if held and not held.is_hidden else {})


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {"devices": devices, "lid": lid, "picture": picture, "status": status}
)
