"""`recado webhook …`: where events are posted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from cyclopts import App, Parameter

from recado.domain.errors import Misconfigured

from . import screen
from .client import call, segment

app = App(name="webhook", help="Addresses that are told of events.")


@app.command
def create(
    url: str,
    *,
    instance: str | None = None,
    events: list[str] | None = None,
    header: Annotated[list[str] | None, Parameter(negative="")] = None,
) -> None:
    """Create a webhook and show its secret, once.

    Parameters
    ----------
    url
        Http or https.
    instance
        Only events of this one.
    events
        Only these types, `message.*` takes a family.
    header
        Sent along with every delivery, as in `"Authorization: Bearer abc"`.
    """
    headers = dict(_header(one) for one in header or [])
    made = call("POST", "/v1/webhooks", {"url": url, "instance": instance, "events": events, "headers": headers})
    print(f"✅ {made['id']}\n{_secret(made)}")


@app.command(name="list")
def list_() -> None:
    """All webhooks and where each stands."""
    rows = call("GET", "/v1/webhooks")["items"]
    columns = ("id", "url", "state", "state_reason", "position", "waiting", "dead", "failing_since")
    print(screen.table(rows, columns) if rows else "No webhooks yet.")


@app.command
def test(webhook_id: str) -> None:
    """Deliver a test event now and say what came back."""
    attempt = call("POST", f"/v1/webhooks/{segment(webhook_id)}/test")
    print(f"{attempt['status'] or '❌'} {attempt['error'] or ''} in {attempt['duration_ms']} ms")


@app.command
def attempts(webhook_id: str, *, limit: int = 20, position: int | None = None, failed: bool | None = None) -> None:
    """Its last delivery attempts.

    Parameters
    ----------
    webhook_id
        As `recado webhook list` shows it.
    limit
        How many at most.
    position
        Only those of the event with this `seq`.
    failed
        Only those that failed, or only those that did not.
    """
    wanted = None if failed is None else str(failed).lower()
    path = f"/v1/webhooks/{segment(webhook_id)}/attempts"
    page = call("GET", path, limit=limit, position=position, failed=wanted)
    print(screen.table(page["items"], ("at", "position", "attempt", "status", "duration_ms", "error")))


@app.command
def replay(
    webhook_id: str,
    *,
    position: int | None = None,
    failed: Annotated[bool, Parameter(negative="")] = False,
    since: int | None = None,
    begin: Annotated[datetime | None, Parameter(name="--from")] = None,
    end: Annotated[datetime | None, Parameter(name="--until")] = None,
) -> None:
    """Deliver again: exactly one of the following.

    Parameters
    ----------
    webhook_id
        As `recado webhook list` shows it.
    position
        The one event with this `seq`.
    failed
        All that failed and wait, or were given up.
    since
        All after this `seq`, in order.
    begin
        All from this time on, in order; with `--until` the span alone. Local time when it has no offset.
    end
        The end of the span.
    """
    span = {"from": _moment(begin), "until": _moment(end)}
    wish = {"position": position, "failed": failed, "since": since, **span}
    answer = call("POST", f"/v1/webhooks/{segment(webhook_id)}/replay", wish)
    print(f"✅ {answer['queued']} events are delivered again")


@app.command
def pause(webhook_id: str) -> None:
    """Stop delivering; it stays where it is."""
    call("PATCH", f"/v1/webhooks/{segment(webhook_id)}", {"state": "paused"})
    print("✅ paused")


@app.command
def resume(webhook_id: str) -> None:
    """Go on where it stands: after a pause, after three days without an answer, after 410 Gone."""
    webhook = call("PATCH", f"/v1/webhooks/{segment(webhook_id)}", {"state": "active"})
    print(f"✅ active, from position {webhook['position']} on")


@app.command
def secret(webhook_id: str) -> None:
    """Rotate its secret and show the new one, once; the old one signs beside it for a day."""
    print(_secret(call("POST", f"/v1/webhooks/{segment(webhook_id)}/secret")))


@app.command
def remove(webhook_id: str) -> None:
    """Remove it."""
    call("DELETE", f"/v1/webhooks/{segment(webhook_id)}")
    print("✅ removed")


def _secret(webhook: dict[str, Any]) -> str:
    return f"🔑 {webhook['secret']}\n   Keep it: it verifies the signatures and is not shown again."


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise Misconfigured("wrong_header", f"{text!r} is not a header.", hint='For example --header "X-Team: blue"')
    return name.strip(), value.strip()


def _moment(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone().isoformat()
