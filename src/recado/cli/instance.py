"""`recado instance …`: create, list, show, pair, start, stop, export, import, remove."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from . import backup, screen
from .client import Failed, call, segment
from .history import history

app = App(name="instance", help="Your WhatsApp numbers.")

_POLL_SECONDS = 1.0
_COLUMNS = ("instance_name", "status", "state", "phone_number", "reason", "checked_at")


app.command(history)


@app.command
def create(name: str, *, webhook_url: str | None = None, qr: bool = True) -> None:
    """Create an instance and draw its QR until a phone has scanned it.

    Parameters
    ----------
    name
        Small letters, digits, `-` and `_`.
    webhook_url
        Gets all its events.
    qr
        Draw the QR and wait (`--no-qr`: only create).
    """
    made = call("POST", "/v1/instances", {"instance_name": name, "webhook_url": webhook_url})
    print(f"📱 {made['instance_name']} created, {made['status']}")
    if qr:
        draw(name)


@app.command(name="list")
def list_(search: str = "") -> None:
    """All instances and what is so about them."""
    rows = list(_rows(search))
    print(screen.table(rows, _COLUMNS) if rows else "No instances yet. `recado instance create NAME` makes one.")


@app.command
def show(name: str, *, language: Annotated[Literal["en", "pt"], Parameter(alias="-l")] = "en") -> None:
    """One instance, and the last things that happened to it."""
    row = call("GET", f"/v1/instances/{segment(name)}")
    for key, value in row.items():
        if value is not None:
            print(f"{key:>18}  {value}")
    print()
    timeline = call("GET", f"/v1/instances/{segment(name)}/timeline", language=language, limit=10)
    for entry in timeline["items"]:
        print(f"{entry['at'][:19].replace('T', ' ')}  {entry['sentence']}")


@app.command(name="qr")
def draw(name: str) -> None:
    """Draw the QR, renew it as it changes, and end when the phone is linked."""
    shown = None
    while True:
        row = call("GET", f"/v1/instances/{segment(name)}")
        if row["state"] in ("connected", "degraded"):
            print(f"✅ {name} is connected: {row['phone_number']}")
            return
        if row["wanted"] == "stopped" or row["state"] in ("stopped", "failed", "logged_out"):
            raise Failed(
                "not_pairing",
                f"{name} is {row['state']} ({row['reason'] or 'as asked'}).",
                hint=f"`recado instance start {name}` begins again.",
            )
        shown = _draw_if_new(name, shown)
        time.sleep(_POLL_SECONDS)


def _draw_if_new(name: str, shown: str | None) -> str | None:
    try:
        pairing = call("GET", f"/v1/instances/{segment(name)}/qr")
    except Failed:
        return shown
    if pairing["qr"] != shown:
        print(screen.qr(pairing["qr"]))
        print("   On the phone: WhatsApp → Settings → Linked devices → Link a device.")
        print(f"   Valid until {pairing['expires_at'][11:19]} UTC; it renews itself.")
    return str(pairing["qr"])


@app.command(name="pairing-code")
def pairing_code(name: str, phone: str) -> None:
    """A code to type into the phone instead of a QR."""
    made = call("POST", f"/v1/instances/{segment(name)}/pairing-code", {"phone": phone})
    print(f"📱 {made['code']}   On the phone: WhatsApp → Settings → Linked devices → Link with phone number.")
    print(f"   Valid until {made['expires_at'][11:19]} UTC.")


@app.command
def start(name: str) -> None:
    """Want it to run."""
    _said(call("POST", f"/v1/instances/{segment(name)}/start"))


@app.command
def stop(name: str) -> None:
    """Disconnect it; its credentials are kept."""
    _said(call("POST", f"/v1/instances/{segment(name)}/stop"))


@app.command
def restart(name: str) -> None:
    """Disconnect and connect again."""
    _said(call("POST", f"/v1/instances/{segment(name)}/restart"))


@app.command
def logout(name: str) -> None:
    """Unlink it from the phone."""
    _said(call("POST", f"/v1/instances/{segment(name)}/logout"))


@app.command(name="force-update")
def force_update(*names: str) -> None:
    """Read what is so on the wire, correct the rows, print before and after (all instances when none is named).

    One that cannot be looked at is said so and does not keep the others from it; the exit code is then 1.
    """
    rows, refusals = [], []
    for name in names or [row["instance_name"] for row in _rows()]:
        try:
            changed = call("POST", f"/v1/instances/{segment(name)}/force-update")
        except Failed as error:
            refusals.append(screen.verdict("❌", f"{name}: {error.detail}", error.hint))
        else:
            rows += [{"when": when, **changed[when]} for when in ("before", "after")]
    print(screen.table(rows, ("when", *_COLUMNS)))
    if refusals:
        print("\n".join(refusals))
        raise SystemExit(1)


@app.command
def remove(name: str, *, yes: bool = False) -> None:
    """Log it out and remove all of it: messages, contacts, webhooks.

    Parameters
    ----------
    name
        The instance.
    yes
        Do not ask.
    """
    if not yes and input(f"Remove {name} with all its messages? Type its name: ") != name:
        print("Nothing was removed.")
        return
    call("DELETE", f"/v1/instances/{segment(name)}")
    print(f"✅ {name} is removed.")


def _rows(search: str = "") -> Iterator[dict[str, Any]]:
    after = None
    while True:
        page = call("GET", "/v1/instances", search=search or None, after=after, limit=200)
        yield from page["items"]
        after = page["next"]
        if after is None:
            return


def _said(row: dict[str, Any]) -> None:
    print(f"📱 {row['instance_name']}: wanted {row['wanted']}, now {row['state']}")


app.command(backup.export, name="export")
app.command(backup.restore, name="import")
