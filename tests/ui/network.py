"""The simulated network of the stories: its phones, people and groups, as `recado-simulator serve` is told of them.

It is a process of its own, spoken to over its control API, and no thread with a loop: it shares neither this
interpreter's lock nor its loops, so that it goes on, as a network does, while this worker runs other tests or waits for
a browser; and what a story needs is what everybody can ask of the control API.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import network as child
from tests.waiting import until

GUARD = 60.0


@dataclass(frozen=True, slots=True)
class Handset:
    """Somebody on the network; `str()` is the number."""

    control: child.Network
    number: str

    def __str__(self) -> str:
        return self.number

    async def send_text(self, to: object, text: str) -> str:
        """To a handset, a number or a group; the message's id, at once."""
        [id] = (await self.control.post(f"/contacts/{self}/send", to=str(to), text=text))["ids"]
        return id

    async def read(self, who: object) -> list[str]:
        """Read all that came from there; the ids."""
        ids: list[str] = (await self.control.post(f"/contacts/{self}/read", **{"from": str(who)}))["ids"]
        return ids

    async def texts(self) -> list[str]:
        """What it was told, in order."""
        inbox = (await self.control.get(f"/contacts/{self}/inbox"))["messages"]
        return [message["text"] for message in inbox if message["text"]]

    async def wait_text(self, *, containing: str) -> str:
        """The first text with these words, as soon as it is there."""

        async def has_come() -> str | None:
            return next((text for text in await self.texts() if containing in text), None)

        text: str = await until(has_come, guard=GUARD)
        return text


class Phone(Handset):
    """What instances are linked to."""

    async def scan(self, qr: str) -> None:
        """Raises ScanRefused."""
        await self.control.post(f"/phones/{self}/scan", qr=qr)

    async def enter_code(self, code: str) -> None:
        """Raises ScanRefused."""
        await self.control.post(f"/phones/{self}/enter-code", code=code)

    async def unlink(self) -> None:
        await self.control.post(f"/phones/{self}/unlink")

    async def remember(self, *conversations: dict[str, Any]) -> None:
        """What the next device is told of the past, each as the control API says it: `{chat, name?, messages}`."""
        await self.control.post(f"/phones/{self}/history", conversations=list(conversations))


class Network:
    """`url` and `root_key` are for the engine host; what it writes is in `log`."""

    def __init__(self, control: child.Network) -> None:
        self.control = control
        self.url = control.url
        self.root_key = control.root_key
        self.log = control.program.log

    async def add_phone(self, number: str, *, name: str) -> Phone:
        await self.control.post("/phones", phone=number, name=name)
        return Phone(self.control, number)

    async def add_contact(self, number: str, *, name: str) -> Handset:
        await self.control.post("/contacts", phone=number, name=name)
        return Handset(self.control, number)

    async def add_group(self, subject: str, members: Iterable[Handset], *, admins: Iterable[Handset]) -> str:
        """Its JID."""
        told = {"members": [str(one) for one in members], "admins": [str(one) for one in admins]}
        id: str = (await self.control.post("/groups", subject=subject, **told))["id"]
        return id


@asynccontextmanager
async def network(directory: Path) -> AsyncIterator[Network]:
    """A network without anybody, until the end of the block."""
    async with child.network(directory / "network", directory / "network.log") as control:
        yield Network(control)
