"""The tree of commands; each is imported only when it is called."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from cyclopts import App

COMMANDS: Final = {
    "up": "Start Recado.",
    "demo": "The main job without a phone: a simulated one pairs, gets a message, and answers.",
    "open": "Open the pages in a browser, signed in.",
    "instance": "Your WhatsApp numbers: create, show, pair, start, stop, remove.",
    "message": "Send messages and take them back, read and search them.",
    "chat": "Chats: the list, and what was written in one.",
    "contact": "People, with every name and number.",
    "group": "Groups: which there are, who is in one.",
    "webhook": "Addresses that are told of events.",
    "key": "API keys.",
    "db": "The database: bring it up to date, adopt an old one, check it, print its SQL.",
    "doctor": "Look at everything and say what to do.",
}

app = App(
    name="recado",
    help="Any number of WhatsApp numbers: one API, one database that tells the truth, nothing lost.",
    version=version("recado"),
    result_action="return_none",
)
for _name, _help in COMMANDS.items():
    app.command(f"recado.cli.{_name}:app", name=_name, help=_help)
