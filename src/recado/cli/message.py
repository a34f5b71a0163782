"""`recado message …`: send one, take it back, see what waits; read the last ones, search in all."""

from __future__ import annotations

from typing import Any, Final

from cyclopts import App

from . import screen
from .client import call, segment

app = App(name="message", help="Send messages and take them back, read and search them.")

COLUMNS: Final = ("sent_at", "chat", "who", "status", "text")


@app.command
def send(
    instance: str,
    to: str,
    text: str,
    *,
    wait: bool = True,
    idempotency_key: str | None = None,
    quoted: str | None = None,
    send_at: str | None = None,
    expires_at: str | None = None,
    expires_in: int | None = None,
) -> None:
    """Send a text.

    Parameters
    ----------
    instance
        From which number.
    to
        A phone number, or a JID.
    text
        Up to 65,536 characters.
    wait
        Answer when WhatsApp has it (`--no-wait`: as soon as it is accepted).
    idempotency_key
        The same key never sends twice.
    quoted
        WhatsApp's id of the message that this one answers.
    send_at
        Not before this time, with its offset: 2026-12-24T09:00:00-03:00.
    expires_at
        Fails as expired when it has not gone by then.
    expires_in
        The same in seconds, from when it may go.
    """
    asked: dict[str, Any] = {"to": to, "text": text, "quoted": quoted}
    asked |= {"send_at": send_at, "expires_at": expires_at, "expires_in": expires_in}
    sent = call(
        "POST",
        f"/v1/instances/{segment(instance)}/messages",
        {name: value for name, value in asked.items() if value is not None},
        headers=screen.spoken() | ({"Idempotency-Key": idempotency_key} if idempotency_key else {}),
        wait="sent" if wait and send_at is None else None,
    )
    print(f"✅ {sent['status']}: {sent['id']}" + (f"\n   {sent['note']}" if sent["note"] else ""))


@app.command
def cancel(instance: str, message: str) -> None:
    """Take back a message (its id) that is not on its way yet."""
    path = f"/v1/instances/{segment(instance)}/messages/{segment(message)}/cancel"
    print(f"✅ {call('POST', path)['status']}")


@app.command
def queue(instance: str) -> None:
    """What waits to be sent, and what holds it up."""
    found = call("GET", f"/v1/instances/{segment(instance)}/queue")
    said = [f"{found['queued']} in the line"]
    said += [f"since {screen.minute(found['oldest_at'])}"] if found["oldest_at"] else []
    said += [f"{found['sending']} under way", f"{found['scheduled']} with an appointment"]
    said += [f"the next at {screen.minute(found['next_send_at'])}"] if found["next_send_at"] else []
    print(", ".join(said))
    if found["pause_reason"]:
        until = f" until {screen.minute(found['paused_until'])}" if found["paused_until"] else ""
        print(f"{found['paused']} held up: {found['pause_reason']}{until}")


@app.command(name="list")
def list_(instance: str, *, chat: str | None = None, limit: int = 20) -> None:
    """The last messages, newest first; of one chat (its id) only with `--chat`."""
    path = f"/v1/instances/{segment(instance)}/messages"
    page = call("GET", path, headers=screen.spoken(), chat=chat, limit=limit)
    print(screen.table(lines(page["items"]), COLUMNS) if page["items"] else "No messages yet.")


@app.command
def search(instance: str, text: str, *, chat: str | None = None, limit: int = 20) -> None:
    """Messages with all of these words, newest first.

    Parameters
    ----------
    instance
        Of which number.
    text
        Words, the last one also its beginning; `"in quotes"` as they stand.
    chat
        Of one chat (its id) only.
    limit
        How many at most.
    """
    path = f"/v1/instances/{segment(instance)}/messages"
    page = call("GET", path, headers=screen.spoken(), search=text, chat=chat, limit=limit)
    rows = [
        line | {"text": screen.marked(row["snippet"]), "id": row["id"]}
        for row, line in zip(page["items"], lines(page["items"]), strict=True)
    ]
    print(screen.table(rows, ("sent_at", "chat", "who", "text", "id")) if rows else "Nothing was found.")
    if page["next"]:
        print("There is more: `--limit` shows it.")


def lines(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages as rows of a table."""
    return [
        {
            "sent_at": screen.minute(row["sent_at"]),
            "chat": screen.who(row["chat"]),
            "who": "me" if row["from_me"] else screen.who(row["sender"] or row["chat"]),
            "status": row["status"],
            "text": screen.cut(row["summary"]),
        }
        for row in messages
    ]
