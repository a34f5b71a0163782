"""The page of an instance can be shown in every state, for every reason, with every step of the timeline behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recado.domain.states import STATES, status_of
from recado.domain.timeline import CATALOGUE
from recado.runtime import Runtime
from recado.store import timeline
from tests.api.door import House
from tests.web.browser import Browser

_CHANGE = """
UPDATE public.whatsapp_instances SET state = %s, status = %s, reason = %s, attempt = %s, next_at = %s, phone_number = %s
WHERE instance_name = 'filial' RETURNING id
"""


async def shown(runtime: Runtime, browser: Browser, state: str, reason: str | None, *, attempt: int = 0) -> list[str]:
    """The paths whose page cannot be shown while the instance is like this."""
    soon = runtime.services.clock.now() + timedelta(minutes=1)
    values = (state, status_of(state), reason, attempt, soon if attempt else None, "5511999990009")  # type: ignore[arg-type]
    async with runtime.database.transaction() as tx:
        [[id]] = await (await tx.execute(_CHANGE, values)).fetchall()
    paths = [f"/instances/{id}", "/instances", "/overview", f"/instances/{id}/pair"]
    return [path for path in paths if (await browser.get(path, Accept_Language="pt-BR")).status >= 400]


@pytest.mark.parametrize("state", STATES)
async def test_every_state_can_be_shown(runtime: Runtime, browser: Browser, state: str):
    assert await shown(runtime, browser, state, None) == []
    assert await shown(runtime, browser, state, "connection_lost", attempt=4) == []


@pytest.mark.parametrize("code", CATALOGUE)
async def test_every_reason_and_every_step_can_be_shown(runtime: Runtime, browser: Browser, house: House, code: str):
    now, clock = runtime.services.clock.now(), runtime.services.clock
    [[id]] = await fetched(runtime, "SELECT id FROM public.whatsapp_instances WHERE instance_name = 'filial'")
    params = {"until": None, "error": None, "minutes": 3}
    step = timeline.Step(id=clock.new_id(), instance_id=id, at=now, code=code, state="stopped", params=params)
    async with runtime.database.transaction() as tx:
        await timeline.add(tx, [step])
    assert await shown(runtime, browser, "stopped", code) == []


async def fetched(runtime: Runtime, query: str) -> list[tuple]:
    async with runtime.database.transaction() as tx:
        return await (await tx.execute(query.encode())).fetchall()
