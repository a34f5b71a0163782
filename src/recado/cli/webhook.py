"""`recado webhook …`: where events are posted."""

from __future__ import annotations

from cyclopts import App

from . import screen
from .client import call, segment

app = App(name="webhook", help="Addresses that are told of events.")


@app.command
def create(url: str, *, instance: str | None = None, events: list[str] | None = None) -> None:
    """Create a webhook and show its secret, once.

    Parameters
    ----------
    url
        Http or https.
    instance
        Only events of this one.
    events
        Only these types, `message.*` takes a family.
    """
    made = call("POST", "/v1/webhooks", {"url": url, "instance": instance, "events": events})
    print(f"✅ {made['id']}\n🔑 {made['secret']}\n   Keep it: it verifies the signatures and is not shown again.")


@app.command(name="list")
def list_() -> None:
    """All webhooks and where each stands."""
    rows = call("GET", "/v1/webhooks")["items"]
    columns = ("id", "url", "state", "position", "failing_since")
    print(screen.table(rows, columns) if rows else "No webhooks yet.")


@app.command
def test(webhook_id: str) -> None:
    """Deliver a test event now and say what came back."""
    attempt = call("POST", f"/v1/webhooks/{segment(webhook_id)}/test")
    print(f"{attempt['status'] or '❌'} {attempt['error'] or ''} in {attempt['duration_ms']} ms")


@app.command
def attempts(webhook_id: str, *, limit: int = 20) -> None:
    """Its last delivery attempts."""
    page = call("GET", f"/v1/webhooks/{segment(webhook_id)}/attempts", limit=limit)
    print(screen.table(page["items"], ("at", "position", "attempt", "status", "duration_ms", "error")))


@app.command
def remove(webhook_id: str) -> None:
    """Remove it."""
    call("DELETE", f"/v1/webhooks/{segment(webhook_id)}")
    print("✅ removed")
