"""`recado chat …`: the list as WhatsApp shows it, and what was written in one."""

from __future__ import annotations

from typing import Any

from cyclopts import App

from . import screen
from .client import call, segment
from .message import COLUMNS, lines

app = App(name="chat", help="Chats: the list, and what was written in one.")


@app.command(name="list")
def list_(
    instance: str,
    *,
    search: str | None = None,
    unread: bool | None = None,
    archived: bool | None = None,
    limit: int = 20,
) -> None:
    """The pinned ones, then the last used; 📌 pinned, 🗄 archived.

    Parameters
    ----------
    instance
        Of which number.
    search
        A part of a name or of a number.
    unread
        Only those with something unread, or only others.
    archived
        Only archived ones, or only others.
    limit
        How many at most.
    """
    page = call(
        "GET",
        f"/v1/instances/{segment(instance)}/chats",
        headers=screen.spoken(),
        search=search,
        unread=_flag(unread),
        archived=_flag(archived),
        limit=limit,
    )
    rows = [
        {
            "last": screen.minute(row["last_message_at"]),
            "chat": _marks(row) + screen.who(row),
            "unread": row["unread_count"] or ("•" if row["is_marked_unread"] else None),
            "last_message": screen.cut((row["last_message"] or {}).get("summary")),
            "id": row["id"],
        }
        for row in page["items"]
    ]
    print(screen.table(rows, ("last", "chat", "unread", "last_message", "id")) if rows else "No chats.")
    print(f"{page['unread']['messages']} unread in {page['unread']['chats']} chats.")


@app.command
def show(instance: str, chat: str, *, limit: int = 20) -> None:
    """One chat (its id) and its last messages, the newest last."""
    path = f"/v1/instances/{segment(instance)}"
    row = call("GET", f"{path}/chats/{segment(chat)}", headers=screen.spoken())
    for name in ("kind", "name", "phone_number", "lid", "jid", "unread_count", "pinned_at", "muted_until", "left_at"):
        if row[name] is not None:
            print(f"{name:>14}  {row[name]}")
    page = call("GET", f"{path}/messages", headers=screen.spoken(), chat=row["id"], limit=limit)
    print()
    print(screen.table(lines(page["items"][::-1]), COLUMNS) if page["items"] else "No messages yet.")


@app.command
def read(instance: str, chat: str) -> None:
    """Mark all of a chat (its id) as read, here and at WhatsApp."""
    call("POST", f"/v1/instances/{segment(instance)}/chats/{segment(chat)}/read")
    print("✅ read")


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def _marks(row: dict[str, Any]) -> str:
    return ("📌 " if row["pinned_at"] else "") + ("🗄 " if row["is_archived"] else "")
