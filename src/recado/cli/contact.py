"""`recado contact …`: people, with every name and number."""

from __future__ import annotations

from cyclopts import App

from . import screen
from .client import call, segment

app = App(name="contact", help="People, with every name and number.")


@app.command(name="list")
def list_(instance: str, *, search: str | None = None, saved: bool = False, limit: int = 50) -> None:
    """By name, those without one last.

    Parameters
    ----------
    instance
        Of which number.
    search
        A part of a name or of a number.
    saved
        Only those in the phone's address book.
    limit
        How many at most.
    """
    path = f"/v1/instances/{segment(instance)}/contacts"
    page = call("GET", path, search=search, saved="true" if saved else None, limit=limit)
    rows = [
        {
            "phone_number": row["phone_number"],
            "lid": row["lid"],
            **row["names"],
            "id": row["id"],
        }
        for row in page["items"]
    ]
    columns = ("phone_number", "lid", "saved", "business", "push", "id")
    print(screen.table(rows, columns) if rows else "Nobody.")
