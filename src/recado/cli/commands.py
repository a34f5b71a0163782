"""The tree of commands."""

from __future__ import annotations

from importlib.metadata import version

from cyclopts import App

from . import db, demo, doctor, instance, key, message, up, webhook

app = App(
    name="recado",
    help="Any number of WhatsApp numbers: one API, one database that tells the truth, nothing lost.",
    version=version("recado"),
    result_action="return_none",
)
app.command(up.app)
app.command(demo.app)
app.command(instance.app)
app.command(message.app)
app.command(webhook.app)
app.command(key.app)
app.command(db.app)
app.command(doctor.app)
