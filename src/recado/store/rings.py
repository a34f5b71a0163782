"""Rings: a word to every process on this database, in the moment of a commit. One that is missed must do no harm."""

from __future__ import annotations

from typing import Final, Literal, get_args
from uuid import UUID

from .database import Tx
from .rows import execute

Topic = Literal["wish", "command", "answer", "send"]
CHANNEL: Final = "recado"
_RING = "SELECT pg_notify('recado', %s)"


async def ring(tx: Tx, topic: Topic, subject: UUID) -> None:
    """Say it when this transaction commits. Commits that ring wait for each other: not for what happens often."""
    await execute(tx, _RING, (f"{topic} {subject}",))


def read(payload: str) -> tuple[Topic, UUID] | None:
    """What was said; None when it is nothing of this version."""
    topic, _, subject = payload.partition(" ")
    try:
        return next((known, UUID(subject)) for known in get_args(Topic) if known == topic)
    except (ValueError, StopIteration):
        return None
