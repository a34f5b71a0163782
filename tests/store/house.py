"""An instance that hears things: builds what engines say, writes it in batches, reads what has come of it."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from recado.domain.engine import Gap, Inbound, Incoming, Notice, Receipt
from recado.domain.events import LoggedEvent
from recado.domain.jid import Identity, identity_of
from recado.store import identities, incoming, log
from recado.store.database import Database
from recado.store.incoming import Arrival
from tests.stillclock import START, StillClock

PHONE, LID = "5511988887777", "100200300@lid"
PHONE_JID = f"{PHONE}@s.whatsapp.net"
GROUP = "1203@g.us"
BY_PHONE, BY_LID, BY_BOTH = Identity(phone=PHONE), Identity(lid=LID), Identity(phone=PHONE, lid=LID)


class House:
    """One instance in the database. Every `hear` is one transaction."""

    def __init__(self, database: Database, clock: StillClock, name: str = "loja") -> None:
        self.database = database
        self.clock = clock
        self.id = clock.new_id()
        self.name = name
        self._numbers = itertools.count(1)

    async def open(self) -> House:
        async with self.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO public.whatsapp_instances (id, instance_name) VALUES (%s, %s)", (self.id, self.name)
            )
        return self

    def text(self, text: str | None = "Oi", *, who: Identity = BY_PHONE, **fields: Any) -> Incoming:
        """A text of somebody in the chat with them, unless `chat` says otherwise."""
        chat = fields.pop("chat", None) or who.lid or f"{who.phone}@s.whatsapp.net"
        raw = (text or "").encode("utf-8", "surrogatepass")
        plain = {
            "session": str(self.id),
            "wa_id": f"3EB0{next(self._numbers):018d}",
            "chat": chat,
            "chat_identity": Identity() if chat.endswith("g.us") else identity_of(chat, *_jids(who)),
            "sender": who,
            "is_from_me": False,
            "is_group": chat.endswith("g.us"),
            "sent_at": START,
            "kind": "conversation",
            "text": text,
            "raw": b"\x0a" + bytes([len(raw) & 0x7F]) + raw,
            "content": {"conversation": text},
        }
        return Incoming(**(plain | fields))

    def own(self, text: str = "Olá", *, to: Identity = BY_PHONE, **fields: Any) -> Incoming:
        """A text that the owner wrote on the phone."""
        chat = to.lid or f"{to.phone}@s.whatsapp.net"
        return self.text(text, who=Identity(lid="1@lid"), chat=chat, chat_identity=to, is_from_me=True, **fields)

    def receipt(self, *wa_ids: str, type: str = "delivered", who: Identity = BY_PHONE, **fields: Any) -> Receipt:
        plain = {
            "session": str(self.id),
            "chat": who.lid or f"{who.phone}@s.whatsapp.net",
            "chat_identity": who,
            "sender": who,
            "is_from_me": False,
            "wa_ids": wa_ids,
            "type": type,
            "at": START + timedelta(seconds=9),
        }
        return Receipt(**(plain | fields))

    def gap(self, wa_id: str, *, who: Identity = BY_PHONE) -> Gap:
        return Gap(
            session=str(self.id),
            wa_id=wa_id,
            chat=who.lid or f"{who.phone}@s.whatsapp.net",
            chat_identity=who,
            sender=who,
            is_from_me=False,
            sent_at=START,
            cause="undecryptable",
        )

    def notice(self, name: str, value: object = None) -> Notice:
        return Notice(session=str(self.id), name=name, value=value)

    def arrival(self, inbound: Inbound) -> Arrival:
        return Arrival(id=self.clock.new_id(), instance_id=self.id, instance_name=self.name, inbound=inbound)

    async def hear(self, *inbound: Inbound) -> None:
        await self.write([self.arrival(one) for one in inbound])

    async def write(self, arrivals: list[Arrival]) -> None:
        locks = identities.locks({arrival.instance_id for arrival in arrivals})
        async with self.database.transaction(locks=locks) as tx:
            events = await incoming.write(
                tx, incoming.read_through(arrivals), new_id=self.clock.new_id, now=self.clock.now()
            )
            await log.append(tx, events)

    async def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        async with self.database.transaction() as tx:
            return await (await tx.execute(query, params)).fetchall()

    async def value(self, query: str, *params: object) -> Any:
        [[value]] = await self.rows(query, *params)
        return value

    async def messages(self, columns: str = "text") -> list[Any]:
        """Of every chat, in the order of the chat; single columns as they are."""
        order = "ORDER BY chat_id, sent_at, tiebreak"
        table = "public.whatsapp_messages"
        rows = await self.rows(f"SELECT {columns} FROM {table} WHERE instance_id = %s {order}", self.id)
        return [row[0] if len(row) == 1 else row for row in rows]

    async def events(self, *types: str) -> list[LoggedEvent]:
        async with self.database.transaction() as tx:
            return await log.read(tx, 0, 10_000, instance_id=self.id, types=types or None)

    async def told(self) -> list[str]:
        return [event.type for event in await self.events()]


def _jids(who: Identity) -> list[str]:
    return [jid for jid in (who.lid, f"{who.phone}@s.whatsapp.net" if who.phone else None) if jid]


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)
