"""`w:g2`: the groups that an account is in, one of them, and leaving it."""

from __future__ import annotations

from functools import partial

from recado_simulator.group import Group
from recado_simulator.iq.query import IqError, Query
from recado_simulator.jid import Jid
from recado_simulator.node import Node


def answer(query: Query) -> list[Node]:
    if query.is_set:
        return leave(query)
    if query.node.first("participating"):
        found = query.network.groups.of(query.device.account)
        return [Node("groups", {}, [group.node() for group in found])]
    if query.node.first("query"):
        return [inside(query, query.node.jid("to")).node()]
    return []


def leave(query: Query) -> list[Node]:
    leaving = query.node.first("leave")
    if leaving is None:
        raise IqError(501, "feature-not-implemented")
    groups = [inside(query, named.jid("id")) for named in leaving.all("group")]
    query.after.extend(partial(group.drop, query.device.account) for group in groups)
    return [Node("leave", {}, [Node("group", {"id": group.jid}) for group in groups])]


def inside(query: Query, jid: Jid | None) -> Group:
    """The group, which the asking account has to be in."""
    group = query.network.groups.find(jid) if jid else None
    if group is None:
        raise IqError(404, "item-not-found")
    if not group.has(query.device.account):
        raise IqError(403, "forbidden")
    return group
