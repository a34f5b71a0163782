"""Damage: ciphertext that its receiver cannot decrypt."""

from __future__ import annotations

from dataclasses import replace

from recado_simulator.node import Node
from recado_simulator.signal.messages import PreKeySignalMessage


def damaged(kind: str, data: bytes) -> bytes:
    """The ciphertext of an `<enc>` with a wrong MAC in its message, well-formed otherwise."""
    if kind != "pkmsg":
        return data[:-1] + bytes((data[-1] ^ 1,))
    invitation = PreKeySignalMessage.decode(data)
    return replace(invitation, message=damaged("msg", invitation.message)).encode()


def damaged_stanza(message: Node) -> Node:
    """The message with every `<enc>` damaged."""
    children = [
        child._replace(content=damaged(child.text("type"), child.data)) if child.tag == "enc" else child
        for child in message.children
    ]
    return message._replace(content=children)
