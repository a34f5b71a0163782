"""What the network answers to IQs: one module a namespace; what nobody knows gets an empty result."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from recado_simulator.iq.account import blocklist, privacy
from recado_simulator.iq.app_state import answer as app_state
from recado_simulator.iq.encrypt import answer as encrypt
from recado_simulator.iq.group import answer as group
from recado_simulator.iq.media import answer as media
from recado_simulator.iq.pairing import answer as pairing
from recado_simulator.iq.passive import answer as passive
from recado_simulator.iq.picture import answer as picture
from recado_simulator.iq.ping import answer as ping
from recado_simulator.iq.query import Answer, IqError, Query
from recado_simulator.iq.usync import answer as usync
from recado_simulator.jid import NETWORK
from recado_simulator.node import Node

if TYPE_CHECKING:
    from recado_simulator.connection import Connection

ANSWERS: Mapping[str, Answer] = MappingProxyType(
    {
        "blocklist": blocklist,
        "encrypt": encrypt,
        "md": pairing,
        "passive": passive,
        "privacy": privacy,
        "urn:xmpp:ping": ping,
        "usync": usync,
        "w:g2": group,
        "w:m": media,
        "w:p": ping,
        "w:profile:picture": picture,
        "w:sync:app:state": app_state,
    }
)


def handle(connection: Connection, node: Node) -> None:
    """Answers an IQ of the client, or takes the client's answer to one of the server's."""
    kind = node.text("type")
    if kind in ("result", "error"):
        connection.answered(node)
        return
    query = Query(connection=connection, node=node)
    answer = ANSWERS.get(node.text("xmlns"))
    try:
        children = answer(query) if answer else []
    except IqError as error:
        connection.send(response(node, "error", [error.node()]))
        return
    if children is not None:
        connection.send(response(node, "result", children))
    for follow in query.after:
        follow()


def response(node: Node, type: str, children: list[Node]) -> Node:
    attrs = {"from": node.attrs.get("to", NETWORK), "id": node.text("id"), "type": type}
    return Node("iq", attrs, children or None)
