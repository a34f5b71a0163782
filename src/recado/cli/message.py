"""`recado message …`: send one, read the last ones."""

from __future__ import annotations

from cyclopts import App

from . import screen
from .client import call, segment

app = App(name="message", help="Send and read messages.")


@app.command
def send(instance: str, to: str, text: str, *, wait: bool = True, idempotency_key: str | None = None) -> None:
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
    """
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else None
    path = f"/v1/instances/{segment(instance)}/messages"
    sent = call("POST", path, {"to": to, "text": text}, headers=headers, wait="sent" if wait else None)
    print(f"✅ {sent['status']}: {sent['id']}" + (f"\n   {sent['note']}" if sent["note"] else ""))


@app.command(name="list")
def list_(instance: str, *, limit: int = 20) -> None:
    """The last messages, newest first."""
    page = call("GET", f"/v1/instances/{segment(instance)}/messages", limit=limit)
    rows = [
        {
            "sent_at": row["sent_at"][:19].replace("T", " "),
            "who": "me" if row["from_me"] else (row["sender"] or {}).get("name") or row["chat"]["phone_number"],
            "status": row["status"],
            "text": (row["text"] or f"[{row['kind']}]")[:80],
        }
        for row in page["items"]
    ]
    print(screen.table(rows, ("sent_at", "who", "status", "text")) if rows else "No messages yet.")
