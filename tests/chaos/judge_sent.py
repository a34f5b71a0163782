"""Judges what went out: the API's promises against the inboxes of those who were written to."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import psycopg

from recado_simulator.contact import Contact
from tests.chaos.stage import Stage
from tests.chaos.traffic import Traffic

_UNSENT = """
SELECT wa_id, status FROM public.whatsapp_messages
WHERE from_me AND wa_id = ANY (%s) AND status NOT IN ('sent', 'delivered', 'read', 'played')
"""


class Sent:
    """Every accepted message reaches its reader once, under the id that the API said, in order in each chat."""

    def __init__(self, here: Stage, traffic: Traffic) -> None:
        self._here = here
        self._traffic = traffic
        self._read: defaultdict[Contact, int] = defaultdict(int)
        self._got: dict[tuple[Contact, str], str] = {}
        self._unproven = 0

    def look(self) -> list[str]:
        """What is wrong now."""
        found: list[str] = []
        for line in self._here.lines:
            for contact in line.contacts:
                found += self._read_inbox(contact)
        for sent in self._traffic.accepted:
            got = self._got.get((sent.contact, sent.text), sent.wa_id)
            if got != sent.wa_id:
                found.append(f"{sent.text!r} was accepted as {sent.wa_id} and came as {got}")
        return found

    def _read_inbox(self, contact: Contact) -> list[str]:
        """An inbox has each id once, so a text that is there twice came under two."""
        found = []
        for message in list(contact.inbox)[self._read[contact] :]:
            self._read[contact] += 1
            first = self._got.setdefault((contact, message.text or ""), message.id)
            if first != message.id:
                found.append(f"{message.text!r} came as {first} and as {message.id}")
        return found

    async def missing(self, connection: psycopg.AsyncConnection[Any]) -> list[str]:
        """What is still to come, from those who are wanted."""
        wanted = [sent for sent in self._traffic.accepted if sent.line.wanted == "running"]
        unsent = await (await connection.execute(_UNSENT, [[sent.wa_id for sent in wanted]])).fetchall()
        return [f"{wa_id} is {status}" for wa_id, status in unsent] + [
            f"{sent.text!r} has not come" for sent in wanted if (sent.contact, sent.text) not in self._got
        ]

    def disorder(self) -> list[str]:
        """Where a message came before one that was accepted before it for the same person."""
        places = {(c, m.id): m.n for line in self._here.lines for c in line.contacts for m in c.inbox}
        found, last = [], dict[Contact, int]()
        for sent in self._traffic.accepted:
            place = places.get((sent.contact, sent.wa_id), 0)
            if place and place < last.get(sent.contact, 0):
                found.append(f"{sent.text!r} was overtaken")
            last[sent.contact] = max(place, last.get(sent.contact, 0))
        return found
