"""The code that waits for a phone, one an instance; `observations.show` writes it."""

from __future__ import annotations

from typing import Final, LiteralString
from uuid import UUID

from recado.domain.instances import Pairing

from .database import Tx
from .rows import fetch_one

_GET: Final[LiteralString] = """
SELECT method, code, phone, expires_at FROM recado.pairings WHERE instance_id = %s
"""


async def get(tx: Tx, instance_id: UUID) -> Pairing | None:
    return await fetch_one(tx, Pairing, _GET, (instance_id,))
