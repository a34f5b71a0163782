"""From app state, typing and presence as the whatsmeow host tells them to what Recado means by them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from recado.domain.jid import identity_of
from recado.domain.sync import AppStateItem, AppStateItems, Presence, Typing
from recado.domain.texts import storable, storable_json

from . import fields
from .whatsmeow_message import place


def app_state(session: str, data: Mapping[str, Any], now: datetime) -> AppStateItems:
    return AppStateItems(
        session=session,
        collection=storable(fields.text(data, "collection")),
        items=tuple(_item(one) for one in fields.records(data, "items")),
    )


def _item(data: Mapping[str, Any]) -> AppStateItem:
    index = data.get("index")
    return AppStateItem(
        index=tuple(storable(str(part)) for part in index) if isinstance(index, list) else (),
        value=storable_json(dict(fields.fields_of(data.get("value")))),
    )


def typing(session: str, data: Mapping[str, Any], now: datetime) -> Typing:
    """From the library's `ChatPresence`."""
    names = ("Chat", "chat"), ("Sender", "sender"), ("SenderAlt", "sender_alt"), ("IsFromMe", "is_from_me")
    where = place({ours: data.get(theirs) for theirs, ours in names})
    state = storable(fields.text(data, "State"))
    return Typing(
        session=session,
        chat=where["chat"],
        chat_identity=where["chat_identity"],
        sender=where["sender"],
        state="recording" if state == "composing" and data.get("Media") == "audio" else state,
    )


def presence(session: str, data: Mapping[str, Any], now: datetime) -> Presence:
    """From the library's `Presence`."""
    return Presence(
        session=session,
        identity=identity_of(fields.text(data, "From")),
        is_available=not fields.is_true(data, "Unavailable"),
        last_seen_at=fields.past(_milliseconds(fields.text(data, "LastSeen")), now),
    )


def _milliseconds(rfc3339: str) -> int | None:
    try:
        return round(datetime.fromisoformat(rfc3339).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
