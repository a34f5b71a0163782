"""Messages about another message: reactions, votes, pins; and what was changed in the chat itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from recado.domain.ids import storable_wa_id

from .told import Reader, Told
from .values import count, jid, named, part, said, text


def target_of(key: Mapping[str, Any]) -> str | None:
    """WhatsApp's id of the message that a key names."""
    id = key.get("ID")
    return storable_wa_id(id) if isinstance(id, str) and id else None


def about(key: Mapping[str, Any]) -> dict[str, Any]:
    """What a key says beside the id: whose message it is."""
    return named("target", said(wa_id=target_of(key), sender=jid(key, "participant")))


def _reaction(body: Mapping[str, Any]) -> Told:
    key = part(body, "key")
    return Told(details={"reaction": text(body, "text", 64)} | about(key), target=target_of(key))


def _at(key_name: str, body: Mapping[str, Any]) -> Told:
    key = part(body, key_name)
    return Told(details=about(key), target=target_of(key))


def _pin(body: Mapping[str, Any]) -> Told:
    key = part(body, "key")
    return Told(details={"is_pinned": body.get("type") != "UNPIN_FOR_ALL"} | about(key), target=target_of(key))


def _keep(body: Mapping[str, Any]) -> Told:
    key = part(body, "key")
    return Told(details={"is_kept": body.get("keepType") != "UNDO_KEEP_FOR_ALL"} | about(key), target=target_of(key))


def setting(body: Mapping[str, Any]) -> Told:
    """A `protocolMessage` that changes no message: a timer, a label …"""
    kind = text(body, "type", 64)
    return Told(
        details=said(
            setting=kind.lower() if kind else None,
            ephemeral_seconds=count(body, "ephemeralExpiration") or (0 if kind == "EPHEMERAL_SETTING" else None),
            label=text(part(body, "memberLabel"), "label", 256),
        )
    )


READERS: Final[dict[str, Reader]] = {
    "reactionMessage": _reaction,
    "encReactionMessage": partial(_at, "targetMessageKey"),
    "pollUpdateMessage": partial(_at, "pollCreationMessageKey"),
    "pollAddOptionMessage": partial(_at, "pollCreationMessageKey"),
    "encEventResponseMessage": partial(_at, "eventCreationMessageKey"),
    "secretEncryptedMessage": partial(_at, "targetMessageKey"),
    "scheduledCallEditMessage": partial(_at, "key"),
    "statusStickerInteractionMessage": partial(_at, "key"),
    "pinInChatMessage": _pin,
    "keepInChatMessage": _keep,
}
