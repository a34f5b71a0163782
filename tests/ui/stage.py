"""Recado on the scenes, with phones that are connected and people who write: for screenshots and for looking at.

`python -m tests.ui.stage` stays up and prints a link that signs in, and a key for `tests.ui.look`. `--huge` adds 200
instances, 5,000 chats on `suporte`, a chat of 50,000 messages on `loja`; `--hostile` an instance of what ought to hurt.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg

from tests.fixtures_database import RunningServer
from tests.stories.ears import Receiver, receiving
from tests.ui import scenes
from tests.ui.network import Handset, Phone
from tests.ui.rows import Rows
from tests.ui.shop import Shop
from tests.ui.site import Site, site
from tests.waiting import until

NOBODY: Final = "http://127.0.0.1:9/hook"
IDLE: Final = 3
_TALK: Final = (
    ("5511988887777", "Maria", "Ah, e dá para incluir um bolo de fubá?"),
    ("5511922220001", "Helena", "Bom dia! Vocês fazem pão sem glúten?"),
    ("5511922220002", "Rafael", "Qual o horário de domingo?"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`loja` is a connected instance with the talk of a shop; `maria` writes to its `phone`."""

    site: Site
    shop: Shop
    phone: Phone
    maria: Handset
    receiver: Receiver
    hostile_chat: UUID | None = None

    async def converse(self) -> None:
        """People write and are answered, all of it live: events, webhooks and figures have something to show."""
        call = self.site.product.call
        for number, name, text in _TALK:
            contact = await self.site.network.add_contact(number, name=name)
            await contact.send_text(self.phone, text)
            body = {"to": f"+{number}", "text": f"Oi, {name}! Já vejo para você."}
            await call("POST", "/v1/instances/loja/messages", body, wait="sent")
            await contact.read(self.phone)
        await until(lambda: len(self.receiver.got) >= 2 * len(_TALK))


@asynccontextmanager
async def stage(
    directory: Path, database_url: str, *, is_huge: bool = False, is_hostile: bool = False
) -> AsyncIterator[Stage]:
    """Into a migrated database without rows."""
    now = datetime.now(UTC)
    with psycopg.connect(database_url) as connection:
        scenes.idle_instances(connection, now, 200 if is_huge else IDLE)
        hostile = scenes.hostile(Rows.instance(connection, "hostil", now), now) if is_hostile else []
    async with site(directory, database_url) as running, receiving() as receiver:
        phone = await running.network.add_phone("5511999990001", name="Padaria do Bairro")
        support = await running.network.add_phone("5511999990002", name="Suporte")
        maria = await running.network.add_contact("5511988887777", name="Maria")
        await asyncio.gather(running.product.pair("loja", phone), running.product.pair("suporte", support))
        with psycopg.connect(database_url) as connection:
            shop = scenes.shop(connection, "loja", datetime.now(UTC), instance_id=instance_id(connection, "loja"))
            if is_huge:
                scenes.crowd(connection, instance_id(connection, "suporte"), now)
                scenes.endless_chat(shop.rows, now)
        await _surroundings(running, receiver)
        worst = hostile[0] if hostile else None
        yield Stage(site=running, shop=shop, phone=phone, maria=maria, receiver=receiver, hostile_chat=worst)


async def _surroundings(running: Site, receiver: Receiver) -> None:
    """Webhooks, one of them without a receiver, and keys."""
    call = running.product.call
    await call("POST", "/v1/webhooks", {"url": receiver.url, "events": ["message.received", "message.status"]})
    await call("POST", "/v1/webhooks", {"url": NOBODY})
    await call("POST", "/v1/keys", {"name": "n8n", "scopes": ["messages:read", "messages:send"]})
    await call("POST", "/v1/keys", {"name": "painel", "scopes": ["instances:read"]})
    waiting = {"instance_name": "filial-nova"}
    await call("POST", "/v1/instances", waiting)


def instance_id(connection: psycopg.Connection[Any], name: str) -> UUID:
    """Of the instance that is called so."""
    query = "SELECT id FROM public.whatsapp_instances WHERE instance_name = %s"
    found = connection.execute(query, [name]).fetchone()
    assert found is not None
    id: UUID = found[0]
    return id


async def _stay(arguments: argparse.Namespace) -> None:
    server = RunningServer()
    try:
        with tempfile.TemporaryDirectory() as directory:
            is_huge, is_hostile = arguments.huge, arguments.hostile
            async with stage(Path(directory), server.url, is_huge=is_huge, is_hostile=is_hostile) as set_up:
                print(f"Database: {server.url}")
                made = await set_up.site.product.call("POST", "/v1/keys", {"name": "stage", "scopes": ["admin"]})
                print(f"To look: python -m tests.ui.look {set_up.site.origin} {made['secret']} build/look /instances")
                print("Maria writes each time you press Enter. Ctrl-C ends it.")
                while True:
                    print(f"Sign in: {await set_up.site.link()}", flush=True)
                    if not await asyncio.to_thread(_pressed):
                        await asyncio.Event().wait()
                    await set_up.maria.send_text(set_up.phone, f"São {datetime.now(UTC):%H:%M:%S} aqui.")
    finally:
        server.stop()


def _pressed() -> bool:
    try:
        input()
    except EOFError:
        return False
    return True


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--huge", action="store_true")
    parser.add_argument("--hostile", action="store_true")
    asyncio.run(_stay(parser.parse_args()))
