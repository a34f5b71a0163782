"""What is known of those whom WhatsApp names: contacts, each with their chat, and chats by JID, all in one answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from recado.domain.chats import Chat
from recado.domain.contacts import Contact
from recado.domain.identities import News

from .chats import chat_with
from .contacts import contact_of
from .database import Call, Tx
from .recordset import recordset
from .rows import fetch_value

_FUNCTION: Final = "recado.known_places"
_KNOWN: Final = "SELECT recado.known_places(%s, %s)"

Place = tuple[UUID, str]
"""An instance and a JID."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`chats` are with one of the `contacts`, or of one of the JIDs that were asked about."""

    contacts: list[Contact]
    chats: list[Chat]


async def known(tx: Tx, news: Iterable[News], jids: Iterable[Place] = ()) -> Known:
    """Every contact that carries a number or LID of the news, and the chats."""
    people, places = _documents(news, jids)
    return _known(await fetch_value(tx, _KNOWN, (people, places)))


def question(news: Iterable[News], jids: Iterable[Place]) -> Call:
    """The same for `Database.transaction`, which saves a round trip; the answer is then `heard`."""
    return Call(_FUNCTION, _documents(news, jids))


def heard(tx: Tx) -> Known:
    """The answer to the question that this transaction began with."""
    return _known(orjson.loads(tx.answer))


async def contacts(tx: Tx, news: Iterable[News]) -> list[Contact]:
    """Every contact that carries a number or LID of the news."""
    return (await known(tx, news)).contacts


async def chat_of_jid(tx: Tx, instance_id: UUID, jid: str) -> Chat | None:
    return next(iter((await known(tx, (), [(instance_id, jid)])).chats), None)


def _documents(news: Iterable[News], jids: Iterable[Place]) -> tuple[str, str]:
    people = {(item.instance_id, item.identity.phone, item.identity.lid) for item in news}
    return (
        recordset({"i": instance_id, "p": phone, "l": lid} for instance_id, phone, lid in people),
        recordset({"i": instance_id, "j": jid} for instance_id, jid in set(jids)),
    )


def _known(document: dict[str, list[Sequence[Any]] | None]) -> Known:
    people, chats = [], []
    for row in document["people"] or ():
        person = contact_of([UUID(row[0]), UUID(row[1]), *row[2:7]])
        people.append(person)
        if row[7] is not None:
            chats.append(chat_with(person, UUID(row[7]), row[8], _time(row[9])))
    for id, instance_id, kind, jid, name, at in document["chats"] or ():
        chats.append(
            Chat(
                id=UUID(id),
                instance_id=UUID(instance_id),
                kind=kind,
                contact=None,
                jid=jid,
                name=name,
                last_message_at=_time(at),
            )
        )
    return Known(contacts=people, chats=chats)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
