"""Judges what came in: the simulator's ledger of confirmed messages against the table and the log."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.chaos.stage import Stage
from tests.chaos.traffic import Traffic

_STORED = "SELECT wa_id FROM public.whatsapp_messages WHERE NOT from_me AND wa_id = ANY (%s)"
_DOUBLED = """
SELECT instance_id::text, wa_id, count(*) FROM public.whatsapp_messages GROUP BY 1, 2 HAVING count(*) > 1
"""
_TOLD = "SELECT data ->> 'wa_id', count(*) FROM recado.event_log WHERE type = 'message.received' GROUP BY 1"


class Received:
    """What the network holds confirmed is stored once."""

    def __init__(self, here: Stage, traffic: Traffic) -> None:
        self._here = here
        self._traffic = traffic
        self._proven: set[str] = set()

    def confirmed(self) -> set[str]:
        rows = (row for line in self._here.lines for row in self._here.network.ledger.confirmed(line.phone))
        return {row.id for row in rows}

    async def look(self, connection: psycopg.AsyncConnection[Any], confirmed: set[str]) -> list[str]:
        """What is wrong now; `confirmed` was read before, so it had been stored before."""
        confirmed = confirmed - self._proven
        rows = await (await connection.execute(_STORED, [list(confirmed)])).fetchall()
        self._proven |= (stored := {id for (id,) in rows})
        doubled = await (await connection.execute(_DOUBLED)).fetchall()
        return [f"{id} is confirmed and not stored" for id in sorted(confirmed - stored)] + [
            f"{id} is stored {count} times" for _, id, count in doubled
        ]

    async def missing(self, connection: psycopg.AsyncConnection[Any]) -> list[str]:
        """What is still to come: of all that people wrote, to those who are wanted."""
        confirmed = self.confirmed()
        told = dict(await (await connection.execute(_TOLD)).fetchall())
        return [
            f"{id}, written to {line.name}, is {'confirmed' if id in confirmed else 'not confirmed'}, and was told "
            f"{told.get(id, 0)} times"
            for line, id in self._traffic.written
            if line.wanted == "running" and (id not in confirmed or told.get(id) != 1)
        ]
