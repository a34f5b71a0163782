"""The documentation is true: what is drawn from the code is current, what it tells to type works, its links lead on."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from recado.app import create_app
from recado.domain.events import EVENT_TYPES
from recado.runtime import running
from recado.services.all import Services
from recado.settings import read_settings
from recado.store import instances
from scripts.examples import DATA
from scripts.pages import PAGES
from tests.engines.fake import FakeEngine
from tests.waiting import until

ROOT = Path(__file__).parents[1]
WRITTEN = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
KEY = "an-admin-key-of-thirty-two-chars"


@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_that_is_drawn_from_the_code_is_current(name: str):
    assert (ROOT / name).read_text("utf-8") == PAGES[name](), "run: make docs"


def test_every_event_has_an_example():
    assert list(DATA) == list(EVENT_TYPES)


def test_every_path_of_the_api_is_on_the_tour():
    tour = (ROOT / "docs" / "api.md").read_text("utf-8").replace("{id}", "{}")
    paths = create_app(cast(Services, None), read_settings()).openapi()["paths"]
    untold = [path for path in paths if re.sub(r"\{\w+\}", "{}", path).rpartition("/")[2] not in tour]
    assert untold == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page: Path):
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.fixture
async def example(database_url: str, tmp_path: Path):
    """A Recado such as the tour speaks of, its engine, and the address."""
    settings = read_settings(database_url=database_url, data_dir=tmp_path / "data", port=0, admin_key=KEY, pace=False)
    engine = FakeEngine()
    async with running(settings, engine=engine) as runtime:
        await engine.attached.wait()
        yield runtime, engine


def curls() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "api.md").read_text("utf-8"), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("curl ")]


def read_curl(line: str, address: str) -> tuple[str, str, dict[str, str], str | None]:
    """Method, URL, headers and body of a curl command."""
    words = iter(shlex.split(line.replace("$RECADO", address).replace("$KEY", KEY))[1:])
    method, url, headers, body = "GET", "", {}, None
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body = next(words)
            case "-o":
                next(words)
            case "-s" | "-N":
                pass
            case _:
                url = word
    return method, url, headers, body


async def test_every_command_of_the_tour_works_as_it_stands(example, monkeypatch: pytest.MonkeyPatch):
    runtime, _ = example

    async def anywhere(url: str) -> None:
        """example.com cannot be looked up where the tests run."""

    monkeypatch.setattr(runtime.services.webhooks, "check_url", anywhere)
    monkeypatch.setattr(runtime.services.webhooks._rules, "check", anywhere)
    answers = {}
    async with aiohttp.ClientSession() as http:
        for line in curls():
            method, url, headers, body = read_curl(line, runtime.address)

            async def ask(parts: Any = (method, url, headers, body)) -> int | None:
                method, url, headers, body = parts
                async with http.request(method, url, headers=headers, data=body) as answer:
                    assert answer.status != 409 or "/qr" in url, await answer.text()
                    return answer.status if answer.status != 409 else None

            answers[line] = await until(ask)
    assert len(answers) > 12
    assert {line: status for line, status in answers.items() if status >= 300} == {}


async def test_real_events_have_the_form_of_the_examples(example):
    runtime, engine = example
    made = await runtime.services.instances.create("loja")
    await until(lambda: engine.open.get(str(made.id)) and engine.open[str(made.id)].state == "pairing")
    engine.pair(str(made.id))
    await until(lambda: runtime.lifecycle.roster.connected())
    row = await until(lambda: named(runtime, "loja"))
    await engine.receive(str(made.id))
    sent = await runtime.services.outgoing.accept(row, to="+5511988887777", text="Oi")
    await until(lambda: engine.sent)
    await engine.receipt(str(made.id), sent.message.wa_id, type="read")
    async with runtime.database.transaction() as tx:
        logged = await (await tx.execute("SELECT type, data FROM recado.event_log")).fetchall()
    real = dict(logged)
    assert {"instance.state", "instance.qr", "message.received", "message.queued", "message.status"} <= real.keys()
    for type, data in real.items():
        assert form(data) == form(DATA[type]), type


async def named(runtime: Any, name: str) -> Any:
    async with runtime.database.transaction() as tx:
        row = await instances.find(tx, name)
    return row if row is not None and row.status == "connected" else None


def form(value: Any) -> Any:
    """The keys at every depth; what may be null is left open."""
    return {key: form(inner) for key, inner in value.items() if isinstance(inner, dict)} | dict.fromkeys(
        key for key, inner in value.items() if not isinstance(inner, dict)
    )
