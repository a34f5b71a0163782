"""Counts what a page asks of the database: statements and rows, of one request alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import psycopg
from fastapi import FastAPI

_counts: ContextVar[Cost | None] = ContextVar("counts", default=None)
_FRAMES = ("BEGIN", "COMMIT", "ROLLBACK", "SET ")


@dataclass(slots=True)
class Cost:
    """`statements` in their order, without those that only frame a transaction."""

    statements: list[str] = field(default_factory=list)
    rows: int = 0


@contextlib.contextmanager
def counted(monkeypatch: Any) -> Iterator[None]:
    """Within this block `cost_of` counts."""
    execute = psycopg.AsyncCursor.execute

    async def counting(cursor: Any, query: Any, params: Any = None, **options: Any) -> Any:
        answer = await execute(cursor, query, params, **options)
        cost, text = _counts.get(), query.decode() if isinstance(query, bytes) else str(query)
        if cost is not None and not text.lstrip().upper().startswith(_FRAMES):
            cost.statements.append(" ".join(text.split())[:200])
            cost.rows += max(cursor.rowcount, 0)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.AsyncCursor, "execute", counting)
        yield


async def cost_of(app: FastAPI, path: str, cookie: str) -> tuple[int, Cost]:
    """The status of this page, drawn in this very task, and what it took."""
    where, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": where,
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"recado.test"), (b"cookie", cookie.encode())],
        "server": ("recado.test", 80),
        "client": ("127.0.0.1", 1),
        "state": {},
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    cost = Cost()
    token = _counts.set(cost)
    try:
        await app(scope, receive, send)
    finally:
        _counts.reset(token)
    return statuses[0], cost
