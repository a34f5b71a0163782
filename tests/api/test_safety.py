"""Closed by default: who gets in, what a browser may do, what is never written down."""

from __future__ import annotations

import stat

import aiohttp
import pytest
from structlog.testing import capture_logs

from recado.runtime import Runtime
from tests.api.conftest import ADMIN_KEY
from tests.api.door import Door


@pytest.fixture
async def owner(runtime: Runtime):
    """Whoever may open the socket in the data directory."""
    connector = aiohttp.UnixConnector(str(runtime.socket))
    async with aiohttp.ClientSession("http://recado", connector=connector) as http:
        yield http


async def test_the_owner_of_the_machine_needs_no_key(owner: aiohttp.ClientSession):
    async with owner.get("/v1/keys") as answer:
        assert answer.status == 200


async def test_nobody_else_can_open_the_owners_socket(runtime: Runtime):
    assert stat.S_IMODE(runtime.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(runtime.settings.data_dir.stat().st_mode) == 0o700


@pytest.mark.parametrize("header", ["recado.is_local", "X-Recado-Is-Local", "X-Forwarded-For"])
async def test_no_header_makes_a_stranger_the_owner(door: Door, header: str):
    answer = await door.with_key(None).get("/v1/keys", headers={header: "true"})
    assert answer.status == 401


async def test_the_owners_socket_gives_no_tickets(owner: aiohttp.ClientSession):
    async with owner.post("/v1/events/ticket") as answer:
        assert (await answer.json())["code"] == "ticket_needs_key"


async def test_a_known_origin_may_call_from_a_browser(door: Door):
    asked = {"Origin": "https://painel.example", "Access-Control-Request-Method": "POST"}
    wanted = {"Access-Control-Request-Headers": "authorization,content-type,idempotency-key"}
    preflight = await door.with_key(None).call("OPTIONS", "/v1/instances", headers=asked | wanted)
    assert preflight.headers["access-control-allow-origin"] == "https://painel.example"
    answer = await door.get("/v1/instances", headers={"Origin": "https://painel.example"})
    assert answer.headers["access-control-allow-origin"] == "https://painel.example"
    assert "access-control-allow-credentials" not in answer.headers


async def test_an_unknown_origin_may_not(door: Door):
    answer = await door.get("/v1/instances", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


async def test_a_refusal_can_be_read_by_a_known_origin_too(door: Door):
    answer = await door.with_key(None).get("/v1/instances", headers={"Origin": "https://painel.example"})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (401, "https://painel.example")


async def test_the_log_holds_neither_keys_nor_tickets_nor_texts(door: Door, loja: str):
    with capture_logs() as lines:
        await door.get("/v1/events?ticket=hush-hush")
        await door.post(f"/v1/instances/{loja}/messages?wait=sent", {"to": "+5511988887777", "text": "a secret"})
    said = repr(lines)
    assert "/v1/events" in said
    for secret in ("hush-hush", ADMIN_KEY, "a secret", "5511988887777"):
        assert secret not in said


async def test_what_no_handler_foresaw_is_logged_and_answered_without_its_words(door: Door, runtime, monkeypatch):
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the inner workings")

    monkeypatch.setattr(runtime.services.instances, "list", broken)
    with capture_logs() as lines:
        answer = await door.get("/v1/instances")
    assert (answer.status, answer.code) == (500, "internal")
    assert "inner workings" not in str(answer.body)
    assert [line["path"] for line in lines if line["event"] == "api.failed"] == ["/v1/instances"]


async def test_answers_are_not_kept_by_caches_nor_guessed_at(door: Door):
    answer = await door.get("/v1/instances")
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"])
async def test_these_need_no_key(door: Door, path: str):
    assert (await door.with_key(None).get(path)).status == 200
