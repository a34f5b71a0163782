"""`md`: pairing by code or with a passkey, and a device that unlinks itself."""

from __future__ import annotations

from recado_simulator.iq.query import IqError, Query
from recado_simulator.link_offer import PASSKEY_STEPS, CompanionFinish, CompanionHello
from recado_simulator.node import Node


def answer(query: Query) -> list[Node]:
    if query.node.first("remove-companion-device"):
        device = query.device
        query.after.append(lambda: query.network.forget_device(device))
        return []
    if query.node.first("ref"):
        return [Node("ref", {}, query.network.pairings.passkey_ref().encode())]
    for tag in PASSKEY_STEPS:
        if step := query.node.first(tag):
            query.network.pairings.passkey_step(query.connection, step)
            return []
    linking = query.node.first("link_code_companion_reg")
    if linking is None:
        return []
    if linking.text("stage") == "companion_hello":
        return companion_hello(query, linking)
    if linking.text("stage") == "companion_finish":
        return companion_finish(query, linking)
    raise IqError(400, "bad-request")


def companion_hello(query: Query, linking: Node) -> list[Node]:
    jid = linking.jid("jid")
    account = query.network.directory.dialled(jid.user) if jid else None
    if account is None:
        raise IqError(404, "item-not-found")
    hello = CompanionHello(
        phone=account.phone,
        wrapped_ephemeral=content(linking, "link_code_pairing_wrapped_companion_ephemeral_pub"),
        noise_key=content(linking, "companion_server_auth_key_pub"),
    )
    ref = query.network.pairings.hello(query.connection, hello)
    stage = {"stage": "companion_hello"}
    return [Node("link_code_companion_reg", stage, [Node("link_code_pairing_ref", {}, ref.encode())])]


def companion_finish(query: Query, linking: Node) -> list[Node]:
    ref = content(linking, "link_code_pairing_ref").decode(errors="replace")
    finish = CompanionFinish(
        wrapped_key_bundle=content(linking, "link_code_pairing_wrapped_key_bundle"),
        identity_key=content(linking, "companion_identity_public"),
    )
    query.after.append(lambda: query.network.pairings.finish(ref, finish))
    return []


def content(parent: Node, tag: str) -> bytes:
    node = parent.first(tag)
    if node is None or not node.data:
        raise IqError(400, "bad-request")
    return node.data
