"""What is wrong is said so: always problem+json, what to do, and nothing half done."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from recado.store.errors import unavailable
from tests.api.door import Door, House

LONGEST = 65_536
TO = "+5511988887777"
JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture(loop_scope="module")
async def nothing_done(house: House) -> AsyncIterator[None]:
    """The test has to leave as many rows of everything as there were."""
    before = await house.content()
    yield
    assert await house.content() == before


refused = pytest.mark.usefixtures("nothing_done")


@pytest.fixture
def door(house: House) -> Door:
    return house.door


@refused
@pytest.mark.parametrize("name", ["", "Loja", "loja da ana", "-loja", "a" * 64, "loja/1", "açaí"])
async def test_a_wrong_instance_name(door: Door, name: str):
    answer = await door.post("/v1/instances", {"instance_name": name})
    assert (answer.status, answer.code, answer.body["field"]) == (422, "wrong_instance_name", "instance_name")


@refused
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/start", None),
        ("POST", "/stop", None),
        ("POST", "/restart", None),
        ("POST", "/logout", None),
        ("POST", "/force-update", None),
        ("GET", "/qr", None),
        ("POST", "/pairing-code", {"phone": "+5511999990000"}),
        ("GET", "/timeline", None),
        ("GET", "/messages", None),
        ("POST", "/messages", {"to": TO, "text": "Oi"}),
        ("GET", "/chats", None),
        ("GET", "/contacts", None),
    ],
)
async def test_an_unknown_instance(door: Door, method: str, path: str, body: dict | None):
    answer = await door.call(method, f"/v1/instances/nenhuma{path}", body)
    assert (answer.status, answer.code) == (404, "unknown_instance")


@refused
@pytest.mark.parametrize("to", ["", "ana", "12", "+55 11 9999", "999999999999999999999", "a@b@c", "5511999990000@"])
async def test_a_number_that_is_not_one(door: Door, to: str):
    answer = await door.post("/v1/instances/loja/messages", {"to": to, "text": "Oi"})
    assert (answer.status, answer.body["field"]) == (422, "to")
    assert answer.code in ("recipient_invalid", "recipient_unsupported")


@refused
@pytest.mark.parametrize("phone", ["", "ana", "12", "+55 11 9999x"])
async def test_a_phone_to_pair_that_is_not_one(door: Door, phone: str):
    answer = await door.post("/v1/instances/filial/pairing-code", {"phone": phone})
    assert (answer.status, answer.code, answer.body["field"]) == (422, "wrong_phone", "phone")
    assert (await door.get("/v1/instances/filial")).body["wanted"] == "stopped"


@refused
@pytest.mark.parametrize("text", ["", " \n\t ", "a" * (LONGEST + 1), "\U0001f600" * (LONGEST + 1), "a\0b"])
async def test_an_empty_or_over_long_text(door: Door, text: str):
    answer = await door.post("/v1/instances/loja/messages", {"to": TO, "text": text})
    assert (answer.status, answer.body["field"]) == (422, "text")
    assert answer.code


async def test_a_text_of_the_greatest_length_goes_through(door: Door, house: House):
    text = "\U0001f600" * LONGEST
    sent = await door.post("/v1/instances/loja/messages?wait=sent", {"to": TO, "text": text})
    assert (sent.status, sent.body["status"]) == (201, "sent")
    assert house.engine.sent[sent.body["wa_id"]].content["conversation"] == text


async def test_a_text_of_the_greatest_length_fits_into_a_request_in_whatever_spelling(door: Door):
    body = json.dumps({"to": TO, "text": "\U0001f600" * LONGEST}, ensure_ascii=True)
    assert (await door.post("/v1/instances/loja/messages", data=body, headers=JSON)).status == 202


async def test_sending_on_an_instance_that_is_not_connected_is_accepted_and_said_so(door: Door):
    answer = await door.post("/v1/instances/filial/messages", {"to": TO, "text": "Oi"})
    assert (answer.status, answer.body["status"]) == (202, "queued")
    assert "filial is stopped" in answer.body["note"]


@refused
async def test_waiting_for_a_send_on_an_instance_that_is_not_connected_is_a_conflict(door: Door):
    answer = await door.post("/v1/instances/filial/messages?wait=sent", {"to": TO, "text": "Oi"})
    assert (answer.status, answer.code) == (409, "not_connected")


@refused
async def test_a_second_instance_of_the_same_name(door: Door):
    answer = await door.post("/v1/instances", {"instance_name": "loja"})
    assert (answer.status, answer.code) == (409, "instance_exists")


@refused
@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"instance_name": "x"', b"[" * 100_000])
async def test_broken_json(door: Door, body: bytes):
    answer = await door.post("/v1/instances", data=body, headers=JSON)
    assert (answer.status, answer.code) == (400, "broken_json")


@refused
async def test_no_body_at_all(door: Door):
    answer = await door.post("/v1/instances", headers=JSON)
    assert (answer.status, answer.code, answer.body["field"]) == (422, "invalid_field", "body")


@refused
async def test_json_that_is_not_marked_as_such(door: Door):
    answer = await door.post("/v1/instances", data=b'{"instance_name": "x"}')
    assert (answer.status, answer.code) == (415, "not_json")
    assert "Content-Type: application/json" in answer.body["hint"]


@refused
async def test_an_unknown_field(door: Door):
    answer = await door.post("/v1/instances", {"instance_name": "x", "webhook": "https://example.com"})
    assert (answer.status, answer.code, answer.body["field"]) == (422, "invalid_field", "webhook")


@refused
@pytest.mark.parametrize("text", ['"\\ud800"', '"a\\u0000b"'])
async def test_text_that_no_database_can_keep(door: Door, text: str):
    answer = await door.post("/v1/instances", data='{"instance_name": ' + text + "}", headers=JSON)
    assert (answer.status, answer.code, answer.body["field"]) == (422, "invalid_field", "instance_name")


@refused
async def test_a_field_whose_name_is_half_a_character(door: Door):
    answer = await door.post("/v1/instances", data=b'{"\\ud800": 1}', headers=JSON)
    assert (answer.status, answer.code) == (422, "invalid_field")


@pytest.mark.parametrize("path", ["/v1/instances/a%00b", "/v1/instances?search=%00", "/v1/instances/loja/messages/%00"])
async def test_a_nul_in_an_address(door: Door, path: str):
    answer = await door.get(path)
    assert (answer.status, answer.code) == (422, "invalid_field")


@refused
async def test_a_body_over_the_limit(door: Door):
    answer = await door.post("/v1/instances", {"instance_name": "a" * 1_048_576})
    assert (answer.status, answer.code) == (413, "body_too_large")


@refused
async def test_a_body_over_the_limit_that_does_not_say_its_length(door: Door):
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 65_536

    answer = await door.post("/v1/instances", data=endless(), headers=JSON)
    assert (answer.status, answer.code) == (413, "body_too_large")


@refused
async def test_a_missing_key(door: Door):
    answer = await door.with_key(None).post("/v1/instances", {"instance_name": "x"})
    assert (answer.status, answer.code, answer.headers["www-authenticate"]) == (401, "missing_key", "Bearer")


@refused
@pytest.mark.parametrize("key", ["wrong", "rcd_" + "A" * 43, "ké", "Bearer"])
async def test_a_wrong_key(door: Door, key: str):
    answer = await door.with_key(None).post("/v1/instances", {"instance_name": "x"}, headers={"X-API-Key": key})
    assert (answer.status, answer.code) == (401, "unknown_key")


async def test_an_expired_key(door: Door):
    limited = await door.new_key("instances:read", expires_at=datetime.now(UTC) + timedelta(hours=1))
    async with door.runtime.database.transaction() as tx:
        await tx.execute("UPDATE recado.api_keys SET expires_at = now() - interval '1 second' WHERE name = 'a test'")
    answer = await limited.get("/v1/instances")
    assert (answer.status, answer.code) == (401, "expired_key")


async def test_a_revoked_key(door: Door):
    made = (await door.post("/v1/keys", {"name": "panel", "scopes": ["instances:read"]})).body
    limited = door.with_key(made["secret"])
    assert (await limited.get("/v1/instances")).status == 200
    assert (await door.delete(f"/v1/keys/{made['id']}")).status == 204
    answer = await limited.get("/v1/instances")
    assert (answer.status, answer.code) == (401, "revoked_key")


@pytest.mark.parametrize(
    ("scope", "method", "path", "body"),
    [
        ("instances:write", "GET", "/v1/instances", None),
        ("instances:read", "POST", "/v1/instances", {"instance_name": "x"}),
        ("instances:read", "DELETE", "/v1/instances/loja", None),
        ("instances:read", "POST", "/v1/instances/loja/stop", None),
        ("messages:read", "POST", "/v1/instances/loja/messages", {"to": TO, "text": "Oi"}),
        ("messages:send", "GET", "/v1/instances/loja/messages", None),
        ("messages:send", "GET", "/v1/webhooks", None),
        ("webhooks", "GET", "/v1/keys", None),
        ("webhooks", "GET", "/v1/events", None),
        ("messages:read", "POST", "/v1/events/ticket", None),
    ],
)
async def test_a_key_without_the_scope(door: Door, scope: str, method: str, path: str, body: dict | None):
    answer = await (await door.new_key(scope)).call(method, path, body)
    assert (answer.status, answer.code) == (403, "missing_scope")
    assert answer.body["scope"] in answer.body["detail"]
    assert (await door.get("/v1/instances/loja")).body["wanted"] == "running"


async def test_a_key_of_another_instance_may_not_know_of_this_one(door: Door):
    filial = (await door.get("/v1/instances/filial")).body
    bound = await door.new_key("admin", instance_id=filial["id"])
    answer = await bound.get("/v1/instances/loja")
    assert (answer.status, answer.code) == (404, "unknown_instance")
    assert [row["instance_name"] for row in (await bound.get("/v1/instances")).body["items"]] == ["filial"]


async def test_a_key_of_one_instance_cannot_create_others(door: Door):
    bound = await door.new_key("admin", instance_id=(await door.get("/v1/instances/filial")).body["id"])
    answer = await bound.post("/v1/instances", {"instance_name": "x"})
    assert (answer.status, answer.code) == (403, "key_is_bound")


@refused
@pytest.mark.parametrize("url", ["ftp://example.com", "example.com", "javascript:alert(1)", "http://", "https://a b"])
async def test_a_webhook_url_that_is_not_http(door: Door, url: str):
    answer = await door.post("/v1/webhooks", {"url": url})
    assert (answer.status, answer.code, answer.body["field"]) == (422, "webhook_url_invalid", "url")


@refused
@pytest.mark.parametrize("url", ["http://127.0.0.1/hook", "http://[::1]/", "http://10.0.0.7:8080", "http://localhost"])
async def test_a_webhook_url_that_leads_to_a_private_address(door: Door, url: str):
    answer = await door.post("/v1/webhooks", {"url": url})
    assert (answer.status, answer.code) == (422, "webhook_address_refused")
    assert "RECADO_ALLOW_PRIVATE_WEBHOOKS" in answer.body["hint"]


@refused
async def test_the_webhook_url_of_an_instance_is_checked_before_the_instance_is_made(door: Door):
    answer = await door.post("/v1/instances", {"instance_name": "x", "webhook_url": "http://10.0.0.7"})
    assert (answer.status, answer.code) == (422, "webhook_address_refused")


async def test_the_webhook_url_of_an_instance_is_checked_before_it_is_changed(door: Door):
    answer = await door.patch("/v1/instances/filial", {"webhook_url": "http://10.0.0.7"})
    assert (answer.status, answer.code) == (422, "webhook_address_refused")
    assert (await door.get("/v1/instances/filial")).body["webhook_url"] is None


async def test_an_address_where_nothing_is(door: Door):
    answer = await door.get("/v1/nada")
    assert (answer.status, answer.code) == (404, "no_such_path")


async def test_a_method_that_an_address_does_not_take(door: Door):
    answer = await door.call("PUT", "/v1/instances")
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method_not_allowed", "GET, POST")


@pytest.mark.parametrize("path", ["", "/loja/messages", "/loja/chats", "/loja/contacts", "/loja/timeline"])
@pytest.mark.parametrize("cursor", ["nonsense", "4oCm", "AAAA", "é"])
async def test_a_cursor_that_is_none(door: Door, path: str, cursor: str):
    answer = await door.get(f"/v1/instances{path}?after={cursor}")
    assert answer.status == 200 or answer.code in ("wrong_cursor", "unfit_value")


async def test_a_database_that_is_away_is_said_so(door: Door, monkeypatch: pytest.MonkeyPatch):
    async def away() -> None:
        raise unavailable(OSError("connection refused"))

    monkeypatch.setattr(door.runtime.database, "_take", away)
    answer = await door.get("/v1/instances")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "database_unavailable", "5")
