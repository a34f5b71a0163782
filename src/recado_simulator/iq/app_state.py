"""`w:sync:app:state`: collections are read, whole or from a version on, and written."""

from __future__ import annotations

from collections.abc import Iterable

from recado_simulator.app_state import AppState
from recado_simulator.app_state.errors import AppStateConflict, AppStateRefused
from recado_simulator.app_state.patch import Patch
from recado_simulator.iq.query import IqError, Query
from recado_simulator.node import Node, Value
from recado_simulator.phone import Phone
from recado_simulator.protobuf import MalformedProtobuf

PATCHES_MOST = 20  # in one answer


def answer(query: Query) -> list[Node]:
    asked = query.node.first("sync")
    handset = query.network.handset(query.device.account)
    if asked is None or not isinstance(handset, Phone):
        raise IqError(400, "bad-request")
    return [Node("sync", {}, [collection(query, handset.app_state, one) for one in asked.all("collection")])]


def collection(query: Query, state: AppState, asked: Node) -> Node:
    """The answer about one collection; one that the network does not know is empty."""
    name, version = asked.text("name"), int(asked.text("version", "0"))
    if name not in state.collections:
        return Node("collection", {"name": name, "version": "0"})
    written = asked.first("patch")
    try:
        if written is not None:
            return take(query, state, name, version, written.data)
        if version == 0 or asked.text("return_snapshot") == "true":
            return read_whole(state, name)
        return read_since(state, name, version)
    except AppStateConflict:
        patches = state.collections[name].since(version)
        return error(name, 409, "conflict", [patches_node(state, patches)])
    except (AppStateRefused, MalformedProtobuf):
        return error(name, 400, "bad-request")


def take(query: Query, state: AppState, name: str, version: int, data: bytes) -> Node:
    state.take(name, Patch.decode(data, version + 1), query.device)
    return Node("collection", {"name": name, "version": str(state.version(name))})


def read_whole(state: AppState, name: str) -> Node:
    snapshot = state.collections[name].snapshot
    return read(state, name, snapshot.version if snapshot else 0, whole=True)


def read_since(state: AppState, name: str, version: int) -> Node:
    return read(state, name, version, whole=False)


def read(state: AppState, name: str, version: int, *, whole: bool) -> Node:
    held = state.collections[name]
    patches = held.since(version)
    snapshot, page = state.damage.done_to(name, held.snapshot if whole else None, patches[:PATCHES_MOST])
    attrs: dict[str, Value] = {"name": name, "version": str(page[-1].version if page else version)}
    if len(patches) > len(page):
        attrs["has_more_patches"] = "true"
    children = []
    if snapshot is not None:
        children.append(Node("snapshot", {}, state.blobs.snapshot(name, snapshot)))
    if page:
        children.append(patches_node(state, page))
    return Node("collection", attrs, children or None)


def patches_node(state: AppState, patches: Iterable[Patch]) -> Node:
    return Node("patches", {}, [Node("patch", {}, state.blobs.patch(patch)) for patch in patches])


def error(name: str, code: int, text: str, children: Iterable[Node] = ()) -> Node:
    said = Node("error", {"code": str(code), "text": text})
    return Node("collection", {"name": name, "type": "error"}, [said, *children])
