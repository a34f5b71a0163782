"""Prekeys as nodes: the forms in which bundles travel."""

from __future__ import annotations

from recado_simulator.jid import Jid
from recado_simulator.login import SignedPrekey
from recado_simulator.node import Node
from recado_simulator.protobuf import MalformedProtobuf
from recado_simulator.signal import PreKeyBundle

KEY_TYPE = b"\x05"


def bundle_node(jid: Jid, bundle: PreKeyBundle, device_identity: bytes | None = None) -> Node:
    """`<user>` with a device's keys, as the answer to a fetch."""
    identity = [Node("device-identity", {}, device_identity)] if device_identity else []
    return Node("user", {"jid": jid}, [registration(bundle), *key_nodes(bundle), *identity])


def registration(bundle: PreKeyBundle) -> Node:
    return Node("registration", {}, bundle.registration_id.to_bytes(4))


def key_nodes(bundle: PreKeyBundle) -> list[Node]:
    signed = SignedPrekey(
        id=bundle.signed_prekey_id, public=bundle.signed_prekey, signature=bundle.signed_prekey_signature
    )
    nodes = [Node("type", {}, KEY_TYPE), Node("identity", {}, bundle.identity), signed_prekey_node(signed)]
    if bundle.prekey_id is not None and bundle.prekey is not None:
        nodes.append(Node("key", {}, parts(bundle.prekey_id, bundle.prekey)))
    return nodes


def signed_prekey_node(signed: SignedPrekey) -> Node:
    return Node("skey", {}, [*parts(signed.id, signed.public), Node("signature", {}, signed.signature)])


def parts(id: int, public: bytes) -> list[Node]:
    return [Node("id", {}, id.to_bytes(3)), Node("value", {}, public)]


def read_prekey(node: Node) -> tuple[int, bytes]:
    """Id and bare public key of a `<key>` or `<skey>`. Raises MalformedProtobuf."""
    id, value = node.first("id"), node.first("value")
    if id is None or value is None or len(value.data) != 32:
        raise MalformedProtobuf(f"{node} is not a prekey")
    return int.from_bytes(id.data), value.data


def read_signed_prekey(parent: Node, default: SignedPrekey) -> SignedPrekey:
    """The `<skey>` of an upload, or what was there before."""
    node = parent.first("skey")
    if node is None:
        return default
    id, public = read_prekey(node)
    signature = node.first("signature")
    return SignedPrekey(id=id, public=public, signature=signature.data if signature else b"")


def read_bundle(parent: Node) -> PreKeyBundle | None:
    """The keys that a retry receipt brings along; None when it has none."""
    keys, number = parent.first("keys"), parent.first("registration")
    identity = keys.first("identity") if keys else None
    if keys is None or identity is None or number is None:
        return None
    signed = read_signed_prekey(keys, SignedPrekey(id=0, public=b"", signature=b""))
    one_time = keys.first("key")
    prekey_id, prekey = read_prekey(one_time) if one_time else (None, None)
    return PreKeyBundle(
        registration_id=int.from_bytes(number.data),
        identity=identity.data,
        signed_prekey_id=signed.id,
        signed_prekey=signed.public,
        signed_prekey_signature=signed.signature,
        prekey_id=prekey_id,
        prekey=prekey,
    )
