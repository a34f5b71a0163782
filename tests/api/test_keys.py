"""API keys over HTTP."""

from __future__ import annotations

import pytest

from tests.api.door import Door


async def test_a_secret_is_shown_at_creation_only(door: Door):
    made = await door.post("/v1/keys", {"name": "n8n", "scopes": ["messages:send"]})
    assert (made.status, made.body["secret"][:4], len(made.body["secret"])) == (201, "rcd_", 47)
    listed = (await door.get("/v1/keys")).body["items"]
    assert {key["name"] for key in listed} >= {"n8n"}
    assert not any("secret" in key or "hash" in key for key in listed)


async def test_a_key_works_in_either_header(door: Door):
    secret = (await door.post("/v1/keys", {"name": "n8n", "scopes": ["instances:read"]})).body["secret"]
    assert (await door.with_key(secret).get("/v1/instances")).status == 200
    assert (await door.with_key(None).get("/v1/instances", headers={"X-API-Key": secret})).status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "scopes": ["admin"]}, "name"),
        ({"name": "n8n", "scopes": []}, "scopes"),
        ({"name": "n8n", "scopes": ["everything"]}, "scopes"),
        ({"name": "n8n", "scopes": ["admin"], "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "n8n", "scopes": ["admin"], "expires_at": "2090-01-01T00:00:00"}, "expires_at"),
    ],
)
async def test_a_key_that_makes_no_sense(door: Door, body: dict, field: str):
    answer = await door.post("/v1/keys", body)
    assert (answer.status, answer.body["field"]) == (422, field)
    assert answer.code


async def test_a_key_for_an_unknown_instance(door: Door):
    answer = await door.post("/v1/keys", {"name": "n8n", "scopes": ["admin"], "instance": "nenhuma"})
    assert (answer.status, answer.code) == (404, "unknown_instance")


async def test_an_admin_of_one_instance_makes_keys_for_that_one_only(door: Door):
    bound = await door.new_key("admin", instance_id=(await door.instance())["id"])
    made = (await bound.post("/v1/keys", {"name": "n8n", "scopes": ["admin"]})).body
    assert made["instance_id"] == (await door.get("/v1/instances/loja")).body["id"]
