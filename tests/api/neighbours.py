"""Two instances in one Recado, each with all that an instance can have, and a key that is bound to one of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from recado.domain.engine import Device, Notice
from recado.domain.sync import HistoryBatch, Picture
from recado.runtime import running
from recado.settings import Settings
from tests.api.door import Answer, Door
from tests.api.operations import body_of
from tests.api.routes import Operation, address
from tests.engines.fake import FakeEngine
from tests.sinks.receiver import Receiver, answering, receiving
from tests.waiting import until


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """An instance. `known` are its ids by the parameters of paths, `marks` what nobody else may ever be shown."""

    name: str
    session: str
    known: dict[str, str]
    marks: frozenset[str]

    def shown_in(self, text: str) -> list[str]:
        return sorted(mark for mark in self.marks if mark in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """`key` is bound to `bia` and may do everything there; `admin` is bound to nothing."""

    admin: Door
    key: Door
    engine: FakeEngine
    ana: Neighbour
    bia: Neighbour
    receiver: Receiver

    async def ask(self, operation: Operation, values: dict[str, str], **changes: Any) -> Answer:
        """With the bound key, by a request that is right in every other way."""
        method, path = operation
        body = body_of(operation)
        return await self.key.call(method, address(path, values), {**body, **changes} if body is not None else None)


def text_of(answer: Answer) -> str:
    body = answer.body.decode("latin-1") if isinstance(answer.body, bytes) else str(answer.body)
    return body + str(answer.headers)


async def move_in(door: Door, engine: FakeEngine, name: str, number: int, hook: str) -> Neighbour:
    """`number` makes its phones; everything of it bears its name: texts, people, groups, webhooks, keys.

    Its numbers are long, so that no id that is drawn has one of them in it by chance.
    """
    own, friend = f"551190000{number}001", f"551190000{number}002"
    lid, member_lid, group_jid = f"{number}7770100000001", f"{number}8880200000001", f"{number}1203630000000001"
    device = Device(jid=f"{own}:1@s.whatsapp.net", lid=f"{lid}:1@lid", push_name=f"push {name}")
    session = (await door.connected_instance(name, engine, device))["id"]
    engine.phone(session).older = HistoryBatch(session=session, id="")
    engine.pictures[f"{friend}@s.whatsapp.net"] = Picture(id=f"picture-{name}", image=f"\xff{name}".encode("latin-1"))
    made = await door.post("/v1/webhooks", {"url": hook + f"/{name}", "instance": name})
    key = await door.post("/v1/keys", {"name": f"key of {name}", "scopes": ["admin"], "instance": name})
    await engine.receive(
        session, text=f"text for {name}", sender=f"{friend}@s.whatsapp.net", push_name=f"friend {name}"
    )
    member = {"JID": f"{member_lid}@lid", "LID": f"{member_lid}@lid"}
    entered = {"JID": f"{group_jid}@g.us", "Name": f"group {name}", "Participants": [member]}
    await engine.offer(session, Notice(session=session, name="JoinedGroup", value=entered))
    [message] = (await door.get(f"/v1/instances/{name}/messages")).body["items"]
    [group] = (await door.get(f"/v1/instances/{name}/groups")).body["items"]
    webhook = made.body["id"]

    async def is_delivered() -> list[Any]:
        return (await door.get(f"/v1/webhooks/{webhook}/attempts")).body["items"]

    await until(is_delivered)
    known = {
        "name": name,
        "message_id": message["id"],
        "chat_id": message["chat"]["id"],
        "contact_id": message["sender"]["id"],
        "group_id": group["id"],
        "webhook_id": webhook,
        "key_id": key.body["id"],
    }
    words = {f"{what} {name}" for what in ("text for", "push", "friend", "group", "key of")} | {f"picture-{name}"}
    numbers = {own, friend, lid, member_lid, group_jid}
    marks = frozenset(words | numbers | set(known.values()) | {session, message["wa_id"], f"{hook}/{name}"})
    return Neighbour(name=name, session=session, known=known, marks=marks)


@contextlib.asynccontextmanager
async def a_street(settings: Settings) -> AsyncIterator[Street]:
    """A Recado with both of them."""
    engine = FakeEngine()
    async with (
        running(settings, engine=engine) as runtime,
        aiohttp.ClientSession() as http,
        receiving(answering(200)) as receiver,
    ):
        await engine.attached.wait()
        admin = Door(runtime, http, settings.admin_key)
        ana = await move_in(admin, engine, "anahi", 1, receiver.url)
        bia = await move_in(admin, engine, "biarritz", 2, receiver.url)
        key = await admin.new_key("admin", instance_id=bia.session)
        yield Street(admin=admin, key=key, engine=engine, ana=ana, bia=bia, receiver=receiver)
