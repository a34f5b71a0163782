"""`encrypt`: the prekeys that devices publish and fetch."""

from __future__ import annotations

import hashlib

from recado_simulator.account import LinkedDevice
from recado_simulator.iq.query import IqError, Query
from recado_simulator.jid import Jid
from recado_simulator.node import Node
from recado_simulator.prekey_nodes import KEY_TYPE, bundle_node, read_prekey, read_signed_prekey, signed_prekey_node
from recado_simulator.protobuf import MalformedProtobuf


def answer(query: Query) -> list[Node]:
    if query.is_set:
        return rotate(query) if query.node.first("rotate") else upload(query)
    if query.node.first("count"):
        return [Node("count", {"value": str(len(query.device.prekeys))})]
    if query.node.first("digest"):
        return [digest(query.device)]
    return [Node("list", {}, [fetch(query, jid) for jid in asked(query.node)])]


def upload(query: Query) -> list[Node]:
    device = query.device
    listed = query.node.first("list")
    try:
        device.prekeys.extend(read_prekey(key) for key in (listed.children if listed else []))
        device.signed_prekey = read_signed_prekey(query.node, device.signed_prekey)
    except MalformedProtobuf as error:
        raise IqError(406, "not-acceptable") from error
    device.was_told_low = False
    query.network.state_changed()
    return []


def rotate(query: Query) -> list[Node]:
    rotated = query.node.first("rotate")
    if rotated is not None:
        query.device.signed_prekey = read_signed_prekey(rotated, query.device.signed_prekey)
    return []


def asked(node: Node) -> list[Jid]:
    key = node.first("key")
    found = [user.jid("jid") for user in key.all("user")] if key else []
    return [jid for jid in found if jid is not None]


def fetch(query: Query, jid: Jid) -> Node:
    network = query.network
    account = network.directory.of_jid(jid)
    if account is None:
        return missing(jid)
    if not jid.device:
        return bundle_node(jid, network.handset(account).signal.bundle())
    device = account.devices.get(jid.device)
    if device is None:
        return missing(jid)
    return bundle_node(jid, network.post.bundle_of(device), device.signed_identity)


def missing(jid: Jid) -> Node:
    return Node("user", {"jid": jid}, [Node("error", {"code": "404", "text": "item-not-found"})])


def digest(device: LinkedDevice) -> Node:
    """What the device has published, so that it can tell whether the network still has it all."""
    signed = device.signed_prekey
    parts = (device.identity_key, signed.public, signed.signature, *(key for _, key in device.prekeys))
    return Node(
        "digest",
        {},
        [
            Node("registration", {}, device.registration_id.to_bytes(4)),
            Node("type", {}, KEY_TYPE),
            Node("identity", {}, device.identity_key),
            signed_prekey_node(signed),
            Node("list", {}, [Node("id", {}, id.to_bytes(3)) for id, _ in device.prekeys]),
            Node("hash", {}, hashlib.sha1(b"".join(parts), usedforsecurity=False).digest()),
        ],
    )
