"""Recado with one promise broken: the engine host gets its answer before the commit. The loss test must catch it."""

from __future__ import annotations

import asyncio
from typing import Any

from recado.cli import main
from recado.engines.whatsmeow import Whatsmeow

honest = Whatsmeow.request
pending: set[asyncio.Task[Any]] = set()


async def early(self: Whatsmeow, method: str, params: dict[str, Any]) -> Any:
    task = asyncio.ensure_future(honest(self, method, params))
    pending.add(task)
    task.add_done_callback(pending.discard)
    return {}


Whatsmeow.request = early  # type: ignore[method-assign]
main()
