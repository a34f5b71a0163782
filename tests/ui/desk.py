"""A Recado for stories that write: `loja` is connected; each story brings people, phones and instances of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.stories.product import GUARD
from tests.ui.network import Handset, Phone
from tests.ui.site import Site, site
from tests.waiting import until


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`phone` is that of `loja`; `url` the database."""

    site: Site
    phone: Phone
    url: str

    async def person(self, number: str, name: str) -> Handset:
        return await self.site.network.add_contact(number, name=name)

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call to the API as its owner."""
        return await self.site.product.call(method, path, body)

    async def has(self, wa_id: str) -> None:
        """Wait until that message has come in."""

        async def is_there() -> bool:
            found = await self.call("GET", "/v1/instances/loja/messages")
            return any(message["wa_id"] == wa_id for message in found["items"])

        await until(is_there, guard=GUARD)

    async def is_at_work(self) -> None:
        """Recado runs, whatever became of a story that killed it, and `loja` is connected."""
        if not self.site.product.is_running:
            await self.site.product.start()
        await self.site.product.until_state("loja", "connected")

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            found = connection.execute(query.encode(), values)
            return found.fetchall() if found.description else []

    def id_of(self, instance: str) -> str:
        [(id,)] = self.sql("SELECT id::text FROM public.whatsapp_instances WHERE instance_name = %s", instance)
        return str(id)


@asynccontextmanager
async def desk(directory: Path, url: str) -> AsyncIterator[Desk]:
    async with site(directory, url) as running:
        phone = await running.network.add_phone("5511999990001", name="Loja da Ana")
        await running.product.pair("loja", phone)
        yield Desk(site=running, phone=phone, url=url)
