"""`w:profile:picture`: where somebody's picture is, unless there is none, it is hidden, or the client has it."""

from __future__ import annotations

from recado_simulator.account import Account
from recado_simulator.group import Group
from recado_simulator.iq.query import IqError, Query
from recado_simulator.jid import Jid
from recado_simulator.node import Node


def answer(query: Query) -> list[Node]:
    if query.is_set:
        return []
    asked, target = query.node.first("picture"), query.node.jid("target") or query.node.jid("to")
    owner = owner_of(query, target) if target else None
    picture = query.network.pictures.of(owner) if owner else None
    if asked is None or picture is None:
        raise IqError(404, "item-not-found")
    if picture.is_hidden and owner is not query.device.account:
        raise IqError(401, "not-authorized")
    if asked.text("id") == picture.id:
        return [Node("picture", {"status": "304"})]
    return [query.network.pictures.node(picture, is_preview=asked.text("type") == "preview")]


def owner_of(query: Query, jid: Jid) -> Account | Group | None:
    return query.network.groups.find(jid) or query.network.directory.of_jid(jid)
