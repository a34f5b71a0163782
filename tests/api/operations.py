"""Every operation of the OpenAPI document, with what a request needs to succeed in a house where all of it is."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import schemathesis

from recado.app import create_app
from recado.domain.engine import Device
from recado.settings import read_settings
from tests.api.door import House

Operation = tuple[str, str]

PHONE: Final = Device(jid="5511999990001:1@s.whatsapp.net", lid="1001:1@lid", push_name="Loja")
NOWHERE: Final = "http://127.0.0.9:9/"
ENDLESS: Final[Mapping[Operation, str]] = {
    ("GET", "/v1/events"): "the answer has no end; tests/api/test_events.py reads it",
}
"""Operations that are not drawn, each with the reason."""

_NAMED: Final[Mapping[str, str]] = {
    "GET /v1/instances/{name}/qr": "nova",
    "POST /v1/instances/{name}/pairing-code": "nova",
    "DELETE /v1/instances/{name}": "velha",
}
_BODIES: Final[Mapping[str, dict[str, Any]]] = {
    "POST /v1/instances": {"instance_name": "outra", "start": False},
    "PATCH /v1/instances/{name}": {"owner_id": None},
    "POST /v1/instances/{name}/pairing-code": {"phone": "+5511999990002"},
    "POST /v1/instances/{name}/messages": {"to": "+5511988887777", "text": "Oi"},
    "POST /v1/instances/{name}/chats/{chat_id}/history": {"count": 10},
    "POST /v1/instances/{name}/chats/{chat_id}/typing": {"state": "composing"},
    "POST /v1/instances/{name}/presence": {"state": "available"},
    "POST /v1/webhooks": {"url": NOWHERE},
    "PATCH /v1/webhooks/{webhook_id}": {"state": "active"},
    "POST /v1/webhooks/{webhook_id}/replay": {"failed": True},
    "POST /v1/keys": {"name": "n8n", "scopes": ["events"]},
}


@functools.cache
def document() -> dict[str, Any]:
    return create_app(cast(Any, None), read_settings()).openapi()


@functools.cache
def drawn() -> schemathesis.schemas.BaseSchema:
    return schemathesis.openapi.from_dict(document())


def operations() -> list[Operation]:
    """All of the document, as (METHOD, path)."""
    return [(method.upper(), path) for path, methods in document()["paths"].items() for method in methods]


def body_of(operation: Operation) -> dict[str, Any] | None:
    """A body that is right; None where none is taken."""
    body = _BODIES.get(" ".join(operation))
    return dict(body) if body is not None else None


async def made_ready(house: House, operation: Operation) -> dict[str, str]:
    """Everything stands as this operation needs it, whatever was asked before; what has to be known to ask for it."""
    house.engine.delivers_at_once = True
    await _connect(house)
    name = _NAMED.get(" ".join(operation), "loja")
    known = {**house.known, "name": name, "instance": name, "to": "+5511988887777", "phone": "+5511999990002"}
    known |= {"url": NOWHERE, "webhook_url": NOWHERE, "chat": house.known["chat_id"], "quoted": house.wa_id}
    if name == "nova":
        await _wait_for_a_scan(house)
    if name == "velha":
        await _exists(house, name)
    if operation == ("POST", "/v1/instances/{name}/messages/{message_id}/cancel"):
        known["message_id"] = await _queued(house)
    if operation == ("DELETE", "/v1/keys/{key_id}"):
        made = await house.door.post("/v1/keys", {"name": "another", "scopes": ["events"]})
        known["key_id"] = made.body["id"]
    if operation == ("DELETE", "/v1/webhooks/{webhook_id}"):
        known["webhook_id"] = (await house.door.post("/v1/webhooks", {"url": NOWHERE})).body["id"]
    return known


async def _exists(house: House, name: str) -> dict[str, Any]:
    found = await house.door.get(f"/v1/instances/{name}")
    return found.body if found.status == 200 else await house.door.instance(name)


async def _connect(house: House) -> None:
    row = await _exists(house, "loja")
    if row["state"] == "connected":
        return
    house.engine.devices.setdefault(row["id"], PHONE)
    await _begin(house, "loja", "connected")


async def _wait_for_a_scan(house: House) -> None:
    await _exists(house, "nova")
    await _begin(house, "nova", "awaiting_scan")


async def _begin(house: House, name: str, state: str) -> None:
    await house.door.post(f"/v1/instances/{name}/stop")
    await house.door.row_with(name, status="disconnected")
    await house.door.post(f"/v1/instances/{name}/start")
    await house.door.row_with(name, state=state)


async def _queued(house: House) -> str:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    later = {"to": "+5511988887777", "text": "Oi", "send_at": tomorrow}
    waiting = await house.door.post("/v1/instances/loja/messages", later)
    return str(waiting.body["id"])
