"""`recado group …`: the groups that a number is in, and who is in one."""

from __future__ import annotations

from cyclopts import App

from . import screen
from .client import call, segment

app = App(name="group", help="Groups: which there are, who is in one.")


@app.command(name="list")
def list_(instance: str, *, limit: int = 50) -> None:
    """All groups, those that this number has left too.

    Parameters
    ----------
    instance
        Of which number.
    limit
        How many at most.
    """
    page = call("GET", f"/v1/instances/{segment(instance)}/groups", limit=limit)
    rows = [
        {
            "subject": row["subject"],
            "members": row["member_count"],
            "left": screen.minute(row["left_at"]),
            "id": row["id"],
        }
        for row in page["items"]
    ]
    print(screen.table(rows, ("subject", "members", "left", "id")) if rows else "No groups.")


@app.command
def show(instance: str, group: str) -> None:
    """One group (its id) and its members.

    Parameters
    ----------
    instance
        Of which number.
    group
        Its id, as the list has it.
    """
    row = call("GET", f"/v1/instances/{segment(instance)}/groups/{segment(group)}")
    for name in ("subject", "description", "jid", "is_announce", "is_locked", "ephemeral_seconds", "left_at"):
        if row[name] is not None:
            print(f"{name:>17}  {row[name]}")
    print()
    members = [{**member, "role": member["role"].replace("member", "")} for member in row["members"]]
    print(screen.table(members, ("name", "phone_number", "lid", "role")) if members else "Nobody is known to be in it.")
