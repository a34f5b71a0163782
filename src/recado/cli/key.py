"""`recado key …`: API keys; a secret is shown once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from cyclopts import App, Parameter

from . import screen
from .client import call, segment

app = App(name="key", help="API keys.")


@app.command
def create(
    name: str,
    *,
    scope: Annotated[list[str] | None, Parameter(negative="")] = None,
    instance: str | None = None,
    days: int | None = None,
) -> None:
    """Make a key and show its secret, once.

    Parameters
    ----------
    name
        What it is for.
    scope
        What it may do: instances:read, instances:write, messages:read, messages:send, webhooks, events; admin: all.
    instance
        Bind it to one instance.
    days
        How long it is valid (for ever when absent).
    """
    expires_at = None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
    body = {"name": name, "scopes": scope or ["admin"], "instance": instance, "expires_at": expires_at}
    print(f"🔑 {call('POST', '/v1/keys', body)['secret']}\n   Keep it: it is not shown again.")


@app.command(name="list")
def list_() -> None:
    """All keys, without their secrets."""
    rows = call("GET", "/v1/keys")["items"]
    print(screen.table(rows, ("id", "name", "scopes", "instance_id", "expires_at", "last_used_at")))


@app.command
def revoke(key_id: str) -> None:
    """Revoke a key, at once."""
    call("DELETE", f"/v1/keys/{segment(key_id)}")
    print("✅ revoked")
