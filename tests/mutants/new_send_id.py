"""Recado with one promise broken: what is sent again goes under a new id."""

from __future__ import annotations

from dataclasses import replace

from recado.cli import main
from recado.clock import SystemClock
from recado.domain.engine import Engine
from recado.domain.sending import Outcome, Queued
from recado.services.sending import sender

honest = sender.attempt
fresh = SystemClock().new_wa_id


async def attempt(engine: Engine, queued: Queued, fence: int) -> Outcome:
    return await honest(engine, replace(queued, wa_id=fresh()) if queued.is_in_doubt else queued, fence)


sender.attempt = attempt
main()
