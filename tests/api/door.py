"""A client of a Recado that runs in this process, over real sockets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

from recado.domain.access import EVERYTHING
from recado.domain.engine import Device, Notice
from recado.domain.sync import HistoryBatch, Picture
from recado.runtime import Runtime
from tests.engines.fake import FakeEngine
from tests.waiting import until


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The code of a problem, which has to be one."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.body["status"] == self.status
        assert self.body["detail"]
        return self.body["code"]


class Door:
    """Calls with a key, or without one."""

    def __init__(self, runtime: Runtime, http: aiohttp.ClientSession, key: str | None) -> None:
        self.runtime = runtime
        self.http = http
        self.key = key

    def with_key(self, key: str | None) -> Door:
        return Door(self.runtime, self.http, key)

    async def new_key(self, *scopes: str, **options: Any) -> Door:
        _, secret = await self.runtime.services.keys.create("a test", scopes or ("admin",), by=EVERYTHING, **options)
        return self.with_key(secret)

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}

    async def call(
        self, method: str, path: str, json: Any = None, *, headers: dict[str, str] | None = None, **options: Any
    ) -> Answer:
        if json is not None:
            options["json"] = json
        url = self.runtime.address + path
        async with self.http.request(method, url, headers=self.headers | (headers or {}), **options) as answer:
            is_json = answer.content_type.endswith("json")
            body = await answer.json(content_type=None) if is_json else await answer.read()
            named = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(status=answer.status, headers=named, body=body)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Answer:
        return await self.call("POST", path, json, **options)

    async def patch(self, path: str, json: Any) -> Answer:
        return await self.call("PATCH", path, json)

    async def delete(self, path: str) -> Answer:
        return await self.call("DELETE", path)

    async def instance(self, name: str = "loja") -> dict[str, Any]:
        """A new instance that has not been asked to run."""
        made = await self.post("/v1/instances", {"instance_name": name, "start": False})
        assert made.status == 201, made.body
        return made.body

    async def connected_instance(self, name: str, engine: FakeEngine, device: Device) -> dict[str, Any]:
        """A new instance that is linked to that device and connected."""
        engine.link((await self.instance(name))["id"], device)
        await self.post(f"/v1/instances/{name}/start")
        return await self.row_with(name, status="connected")

    async def row_with(self, name: str, **values: Any) -> dict[str, Any]:
        """Wait until the instance is shown with these values, and return it."""

        async def is_so() -> dict[str, Any] | None:
            row = (await self.get(f"/v1/instances/{name}")).body
            return row if all(row[key] == value for key, value in values.items()) else None

        return await until(is_so)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A Recado with an instance that is connected (`loja`), one that is not (`filial`), a webhook and a key."""

    door: Door
    engine: FakeEngine
    known: dict[str, str]
    wa_id: str

    @classmethod
    async def furnished(cls, door: Door, engine: FakeEngine, device: Device) -> House:
        loja = await door.connected_instance("loja", engine, device)
        await door.instance("filial")
        engine.pictures["5511988887777@s.whatsapp.net"] = Picture(id="1", image=b"\xff\xd8\xff a face")
        # A silent phone would be waited for: a minute for each request with `wait=answered`.
        engine.phone(loja["id"]).older = HistoryBatch(session=loja["id"], id="")
        await engine.receive(loja["id"])
        [message] = (await door.get("/v1/instances/loja/messages")).body["items"]
        entered = {"JID": "1203@g.us", "Name": "Equipe", "Participants": [{"JID": "2@lid", "LID": "2@lid"}]}
        await engine.offer(loja["id"], Notice(session=loja["id"], name="JoinedGroup", value=entered))
        [group] = (await door.get("/v1/instances/loja/groups")).body["items"]
        key = await door.post("/v1/keys", {"name": "n8n", "scopes": ["events"]})
        webhook = await door.post("/v1/webhooks", {"url": "http://127.0.0.9:9", "events": ["webhook.test"]})
        known = {
            "name": "loja",
            "message_id": message["id"],
            "chat_id": message["chat"]["id"],
            "contact_id": message["sender"]["id"],
            "group_id": group["id"],
            "key_id": key.body["id"],
            "webhook_id": webhook.body["id"],
        }
        return cls(door=door, engine=engine, known=known, wa_id=message["wa_id"])

    async def content(self) -> dict[str, int]:
        """How many rows there are of everything that people can ask for."""
        tables = ("whatsapp_instances", "whatsapp_messages", "whatsapp_chats", "whatsapp_contacts")
        names = [f"public.{table}" for table in tables] + ["recado.webhooks", "recado.api_keys"]
        async with self.door.runtime.database.transaction() as tx:
            counts = [await (await tx.execute(f"SELECT count(*) FROM {name}")).fetchone() for name in names]
        return {name: count for name, [count] in zip(names, counts, strict=True)}
