"""Every route that the application has, and what stands before it: a scope of a key, a sign-in, or nothing and why."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute

from recado.app import create_app
from recado.settings import read_settings

Operation = tuple[str, str]

OPEN: Final[Mapping[Operation, str]] = {
    ("GET", "/healthz"): "says that the process answers",
    ("GET", "/readyz"): "says which part does not answer",
    ("GET", "/metrics"): "figures; nobody is named in them (a test of this folder)",
    ("GET", "/docs"): "the same for everybody",
    ("GET", "/openapi.json"): "the same for everybody",
    ("GET", "/sign-in"): "the form to sign in with",
    ("POST", "/sign-in"): "takes a key, and sets the cookie only for one that is valid",
    ("GET", "/link"): "takes the secret of a link, once",
    ("POST", "/sign-out"): "ends the session of the cookie that it is given",
    ("GET", "/sign-in/link"): "there is no such page but over the socket of the machine's owner",
    ("POST", "/preferences"): "sets two cookies of the browser that asks",
    ("GET", "/static/{version}/{name}"): "the same for everybody",
}
"""What answers to everybody, and why it may. Every other page wants a sign-in, every other call a key."""

_INSTANCE: Final = "/v1/instances/{name}"
_CHAT: Final = _INSTANCE + "/chats/{chat_id}"
_HOOK: Final = "/v1/webhooks/{webhook_id}"
_OF_SCOPE: Final[Mapping[str, Iterable[str]]] = {
    "admin": ["GET /v1/keys", "POST /v1/keys", "DELETE /v1/keys/{key_id}"],
    "instances:read": [
        "GET /v1/instances",
        *(f"GET {_INSTANCE}{part}" for part in ("", "/timeline", "/qr")),
    ],
    "instances:write": [
        "POST /v1/instances",
        f"PATCH {_INSTANCE}",
        f"DELETE {_INSTANCE}",
        *(f"POST {_INSTANCE}/{wish}" for wish in ("start", "stop", "restart", "logout", "force-update")),
        f"POST {_INSTANCE}/pairing-code",
    ],
    "messages:read": [
        *(f"GET {_INSTANCE}/{list_}" for list_ in ("messages", "queue", "chats", "contacts", "history", "groups")),
        f"GET {_INSTANCE}/messages/{{message_id}}",
        f"GET {_INSTANCE}/contacts/{{contact_id}}",
        f"GET {_INSTANCE}/contacts/{{contact_id}}/picture",
        f"GET {_INSTANCE}/groups/{{group_id}}",
        *(f"GET {_CHAT}{part}" for part in ("", "/history", "/picture")),
        f"POST {_CHAT}/history",
    ],
    "messages:send": [
        f"POST {_INSTANCE}/messages",
        f"POST {_INSTANCE}/messages/{{message_id}}/cancel",
        *(f"POST {_CHAT}/{what}" for what in ("read", "typing")),
        f"POST {_INSTANCE}/presence",
        f"POST {_INSTANCE}/contacts/{{contact_id}}/watch",
    ],
    "webhooks": [
        "GET /v1/webhooks",
        "POST /v1/webhooks",
        *(f"{method} {_HOOK}" for method in ("GET", "PATCH", "DELETE")),
        *(f"POST {_HOOK}/{what}" for what in ("secret", "replay", "test")),
        f"GET {_HOOK}/attempts",
    ],
    "events": ["GET /v1/events", "POST /v1/events/ticket", "WEBSOCKET /v1/events"],
}
SCOPE_OF: Final[Mapping[Operation, str]] = {
    cast(Operation, tuple(operation.split(" "))): scope
    for scope, operations in _OF_SCOPE.items()
    for operation in operations
}
"""The scope that each call of the API wants; `admin` has them all."""


@functools.cache
def routes() -> frozenset[Operation]:
    """All of Recado's, read from its router. A WebSocket's method is WEBSOCKET."""
    return routes_of(create_app(cast(Any, None), read_settings()))


def routes_of(app: FastAPI) -> frozenset[Operation]:
    return frozenset(itertools.chain.from_iterable(_operations(route) for route in _all(app.routes)))


def pages() -> list[Operation]:
    """Those beside the API that want a sign-in."""
    return sorted(routes() - SCOPE_OF.keys() - OPEN.keys())


def address(path: str, values: Mapping[str, str]) -> str:
    """The path with its parameters filled in; an id that there is not for those of which no value is given."""
    nothing = {"version": "0", "name": "nenhuma"}
    for part in (part for part in path.split("/") if part.startswith("{")):
        name = part.strip("{}")
        path = path.replace(part, values.get(name) or nothing.get(name, "00000000-0000-7000-8000-000000000000"))
    return path


def _all(given: Iterable[Any]) -> Iterator[Any]:
    for route in given:
        inner = getattr(route, "original_router", None)
        yield from (route,) if inner is None else _all(inner.routes)


def _operations(route: Any) -> Iterator[Operation]:
    if isinstance(route, WebSocketRoute):
        yield "WEBSOCKET", route.path
        return
    assert isinstance(route, Route), f"a route of an unknown kind, which nobody protects here: {route}"
    yield from ((method, route.path) for method in route.methods or () if method != "HEAD")
