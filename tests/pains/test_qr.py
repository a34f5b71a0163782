"""A QR never appears, or the answer is an empty object: not here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from recado.domain.errors import RecadoError
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine]


async def test_the_qr_call_always_gives_a_code_with_its_end_or_says_why_not(recado, network, phone):
    """From an instance whose network is away to one that is connected, every answer is one of the two."""
    answers: list[dict[str, Any] | RecadoError] = []

    async def ask() -> dict[str, Any] | None:
        try:
            answers.append(await recado.call("GET", "/v1/instances/loja/qr"))
        except RecadoError as problem:
            answers.append(problem)
        return answers[-1] if isinstance(answers[-1], dict) else None

    network.faults.refuse_connections(on=True)
    await recado.call("POST", "/v1/instances", {"instance_name": "loja"})
    assert await ask() is None
    network.faults.clear()
    shown = await until(ask)
    await phone.scan(shown["qr"])
    await recado.until_state("loja", "connected")
    assert await ask() is None

    codes = [answer for answer in answers if isinstance(answer, dict)]
    problems = [answer for answer in answers if isinstance(answer, RecadoError)]
    assert all(code["qr"] and datetime.fromisoformat(code["expires_at"]) > _now() for code in codes)
    assert {problem.status for problem in problems} == {409}
    assert all(problem.code and problem.detail.endswith(".") for problem in problems)


def _now() -> datetime:
    return datetime.now(UTC)
