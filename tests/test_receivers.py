"""The receivers of examples/webhooks are run, and get real deliveries."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from recado.clock import Clock, SystemClock
from recado.domain import signature
from recado.domain.delivery import Delivered, Failed, Outcome
from recado.domain.webhooks import Target
from recado.sinks.guard import Guard
from recado.sinks.names import system_lookup
from recado.sinks.webhook import WebhookClient
from tests.ports import free_port
from tests.sinks.parcels import parcel
from tests.stillclock import StillClock
from tests.waiting import until

EXAMPLES = Path(__file__).parents[1] / "examples" / "webhooks"
SECRET = "whsec_c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M="
OTHER = "whsec_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28="
PROGRAMS = {"receiver.py": sys.executable, "receiver.mjs": shutil.which("node"), "receiver.php": shutil.which("php")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A receiver as a process; `output` is the file that it prints to."""

    url: str
    output: Path

    async def deliver(
        self, position: int = 1, *, secrets: tuple[str, ...] = (SECRET,), clock: Clock | None = None
    ) -> Outcome:
        """What came of a delivery, as Recado itself makes it; `clock` is the sender's."""
        guard = Guard(["127.0.0.1"], system_lookup)
        async with WebhookClient.open(guard, system_lookup, clock or SystemClock()) as client:
            return await client.sink(Target(url=self.url, headers={}, secrets=secrets)).deliver(parcel(position))

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        async with aiohttp.request("POST", self.url, data=body, headers=headers) as answer:
            return answer.status

    def handled(self) -> list[str]:
        """The ids of the events that it took, in order."""
        lines = self.output.read_text().splitlines()
        return [line.split()[1] for line in lines if line.startswith("message.received")]


@pytest.fixture(params=PROGRAMS)
async def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Running]:
    program = PROGRAMS[request.param]
    if program is None:
        pytest.skip(f"there is nothing on this machine to run {request.param} with")
    port = free_port()
    command = [program, str(EXAMPLES / request.param)]
    if request.param.endswith(".php"):
        command = [program, "-S", f"127.0.0.1:{port}", str(EXAMPLES / request.param)]
    output = tmp_path / "output"
    environment = os.environ | {
        "WEBHOOK_SECRET": SECRET,
        "PORT": str(port),
        "WEBHOOK_SEEN": str(tmp_path / "seen"),
    }
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=file, stderr=file)
    try:
        url = f"http://127.0.0.1:{port}/"
        await until(lambda: _listens(url))
        yield Running(url=url, output=output)
    finally:
        process.kill()
        await process.wait()


async def _listens(url: str) -> bool:
    try:
        async with aiohttp.request("GET", url):
            return True
    except aiohttp.ClientError:
        return False


async def test_a_delivery_is_taken_and_answered_204(receiver: Running):
    outcome = await receiver.deliver()
    assert isinstance(outcome, Delivered)
    assert outcome.status == 204
    await until(lambda: receiver.handled() == [str(parcel(1).event.id)])


async def test_an_event_that_comes_again_is_answered_and_not_taken_twice(receiver: Running):
    for position in (1, 2, 1, 2, 3):
        assert isinstance(await receiver.deliver(position), Delivered)
    await until(lambda: len(receiver.handled()) >= 3)
    assert receiver.handled() == [str(parcel(position).event.id) for position in (1, 2, 3)]


async def test_another_secret_is_refused(receiver: Running):
    assert status_of(await receiver.deliver(secrets=(OTHER,))) == 401
    assert receiver.handled() == []


async def test_while_a_secret_is_changed_either_one_will_do(receiver: Running):
    assert isinstance(await receiver.deliver(1, secrets=(OTHER, SECRET)), Delivered)
    assert isinstance(await receiver.deliver(2, secrets=(SECRET, OTHER)), Delivered)


@pytest.mark.parametrize("age", [timedelta(minutes=10), timedelta(minutes=-10)])
async def test_a_delivery_of_another_time_is_refused(receiver: Running, age: timedelta):
    assert status_of(await receiver.deliver(clock=StillClock(SystemClock().now() - age))) == 401


async def test_a_body_that_was_changed_on_the_way_is_refused(receiver: Running):
    headers = signature.sign([signature.key_of(SECRET)], "1", SystemClock().now(), parcel(1).body)
    assert await receiver.post(parcel(2).body, headers) == 401
    assert await receiver.post(parcel(1).body, headers) == 204


async def test_what_is_not_signed_at_all_is_refused(receiver: Running):
    assert await receiver.post(parcel(1).body, {}) == 401
    assert await receiver.post(b"", {"webhook-id": "1", "webhook-timestamp": "x", "webhook-signature": "v1, v2"}) == 401


async def test_what_could_not_be_handled_is_asked_for_again(receiver: Running):
    headers = signature.sign([signature.key_of(SECRET)], "1", SystemClock().now(), b"not JSON")
    assert await receiver.post(b"not JSON", headers) == 500
    assert await receiver.post(b"not JSON", headers) == 500


def status_of(outcome: Outcome) -> int | None:
    assert isinstance(outcome, Failed)
    return outcome.status
