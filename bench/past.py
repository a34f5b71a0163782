"""A phone hands over its history: how fast it is stored, and how much memory that takes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from .readings import MACHINE
from .scale import weighed
from .scenarios import SETTLES
from .stage import Stage
from .subjects import RunningProduct, Subject
from .waiting import until
from .worlds import Session, World

CHATS: Final = 500
CONTACTS: Final = 3_000
NOBODYS: Final = frozenset({"receiver", "bench", MACHINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Messages a second from the first offer to the last piece's end; µs of CPU a message; MB over each part's base."""

    messages: int
    rate: float
    cpu: Mapping[str, float]
    grown: Mapping[str, float]


async def hand_over(stage: Stage, subject: Subject, world: World, count: int) -> Past:
    """An untidy history (names by app state, pieces that overlap and come out of order) of that many messages."""
    async with stage.scene(subject, world) as scene:
        [session] = world.sessions
        assert isinstance(scene.running, RunningProduct)
        await scene.all_connected(1)
        await asyncio.sleep(SETTLES)
        untidy = {"seed": 4, "chats": CHATS, "contacts": CONTACTS, "messages": count}
        async with weighed(**scene.running.pids) as scale:
            offered = await scene.net.post(f"/phones/{session.phone}/history", untidy=untidy)
            pieces = await until(partial(_ended, scene.running, session, len(offered["offers"])), every=0.25)
        scene.meter.read()
    first = min(_moment(piece["offered_at"]) for piece in pieces)
    last = max(_moment(piece["ended_at"]) for piece in pieces)
    messages = sum(piece["messages"] for piece in pieces)
    cpu = {
        part: used / messages * 1e6 for part, used in scene.meter.between(first, last).items() if part not in NOBODYS
    }
    return Past(messages=messages, rate=messages / (last - first), cpu=cpu, grown=scale.grown)


async def _ended(running: RunningProduct, session: Session, count: int) -> list[dict[str, Any]] | None:
    """All pieces, once so many have come to their end."""
    pieces = await running.pieces(session.name)
    return pieces if sum(piece["ended_at"] is not None for piece in pieces) >= count else None


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
