"""`recado demo`: the whole of Recado on a simulated network; a phone pairs, a message comes in, a reply goes out."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import aiohttp
from cyclopts import App, Parameter

from recado.domain.access import EVERYTHING
from recado.domain.errors import RecadoError
from recado.runtime import Runtime, running
from recado.settings import Settings, read_settings
from recado.telemetry import configure_log
from recado_simulator.contact import Contact
from recado_simulator.network import Network
from recado_simulator.options import NetworkOptions
from recado_simulator.phone import Phone

from . import loop, screen
from .receiver import Receiver, receiving

app = App(name="demo", help="The main job without a phone: a simulated one pairs, gets a message, and answers.")

INSTANCE = "loja"
PHONE = "5511999990001"
CONTACT = "5511988887777"
PATIENCE = timedelta(seconds=60)


@app.default
def demo(*, once: Annotated[bool, Parameter(negative="")] = False, data_dir: Path = Path("demo-data")) -> None:
    """Start it, show the main job, then stay up to be played with.

    Parameters
    ----------
    once: end with 0 when the reply has been decrypted
    data_dir: where the demo keeps its own data
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    configure_log("warning", "console")
    with asyncio.Runner(loop_factory=loop.factory) as runner:
        runner.run(_demo(data_dir.absolute(), once=once or os.environ.get("ONCE") == "1"))


async def _demo(data_dir: Path, *, once: bool) -> None:
    print("▸ starting PostgreSQL, the engine and a WhatsApp network, all on this machine …", flush=True)
    options = NetworkOptions(state_dir=data_dir / "simulator")
    async with Network(options) as network, receiving() as receiver:
        settings = _settings(data_dir, network)
        async with running(settings, is_demo=True) as runtime:
            story = Story(runtime, network, receiver)
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await story.tell()
            if once:
                return
            await story.invite()
            await _chatter(network, runtime)


def _settings(data_dir: Path, network: Network) -> Settings:
    return read_settings(
        data_dir=data_dir,
        database_url=None,
        engine_network=network.url,
        engine_root_key=network.root_key,
        allow_private_webhooks=["127.0.0.1"],
        pace=False,
    )


class Story:
    """The main job, one line a step, through the same API that everybody uses."""

    def __init__(self, runtime: Runtime, network: Network, receiver: Receiver) -> None:
        self._runtime = runtime
        self._receiver = receiver
        self._phone: Phone = network.add_phone(PHONE, name="Loja da Ana")
        self._contact: Contact = network.add_contact(CONTACT, name="Maria")
        self._key = ""

    async def tell(self) -> None:
        _, self._key = await self._runtime.services.keys.create("demo", ["admin"], by=EVERYTHING)
        headers = {"Authorization": f"Bearer {self._key}"}
        async with aiohttp.ClientSession(self._runtime.address, headers=headers) as http:
            await self._hook(http)
            await self._pair(http)
            await self._receive(http)
            await self._answer(http)

    async def _hook(self, http: aiohttp.ClientSession) -> None:
        for old in (await ask(http, "GET", "/v1/webhooks"))["items"]:
            await ask(http, "DELETE", f"/v1/webhooks/{old['id']}")
        wish = {"url": self._receiver.url, "events": ["message.received"]}
        self._receiver.secret = (await ask(http, "POST", "/v1/webhooks", wish))["secret"]

    async def _pair(self, http: aiohttp.ClientSession) -> None:
        instances = (await ask(http, "GET", "/v1/instances"))["items"]
        if not instances:
            made = await ask(http, "POST", "/v1/instances", {"instance_name": INSTANCE})
            say("📱", f"instance {INSTANCE} created", status=made["status"])
        status = None
        while status != "connected":
            row = await ask(http, "GET", f"/v1/instances/{INSTANCE}")
            if row["status"] != status:
                status = row["status"]
                say("📱", f"instance {INSTANCE} is {row['state']}", status=status, phone_number=row["phone_number"])
            if row["state"] == "awaiting_scan":
                await self._scan(http)
            await asyncio.sleep(0.05)

    async def _scan(self, http: aiohttp.ClientSession) -> None:
        code = (await ask(http, "GET", f"/v1/instances/{INSTANCE}/qr"))["qr"]
        print(screen.qr(code))
        await self._phone.scan(code)
        say("🤳", f"the simulated phone +{PHONE} has scanned it")

    async def _receive(self, http: aiohttp.ClientSession) -> None:
        text = "Oi! Vocês abrem amanhã?"
        wa_id = await self._contact.send_text(self._phone, text)
        say("💬", f"Maria writes: {text}")
        delivery = await self._receiver.wait_for(wa_id)
        row = await self._row(wa_id)
        say("🗄️ ", "whatsapp_messages has it", **row)
        data = delivery.event["data"]
        say("🔔", "webhook delivered, signature verified", event=delivery.event["type"], text=data["text"])

    async def _row(self, wa_id: str) -> dict[str, Any]:
        query = """SELECT m.id::text, m.kind, m.text, c.phone_number AS sender
            FROM public.whatsapp_messages m JOIN public.whatsapp_contacts c ON c.id = m.sender_id WHERE m.wa_id = %s"""
        async with self._runtime.database.transaction() as tx:
            found = await (await tx.execute(query, (wa_id,))).fetchone()
        assert found is not None
        return dict(zip(("id", "kind", "text", "sender"), found, strict=True))

    async def _answer(self, http: aiohttp.ClientSession) -> None:
        text = f"Abrimos sim, às 9h. ({datetime.now(UTC):%H:%M:%S})"
        wish = {"to": f"+{CONTACT}", "text": text}
        sent = await ask(http, "POST", f"/v1/instances/{INSTANCE}/messages?wait=sent", wish)
        say("📤", f"we answer: {text}", status=sent["status"])
        got = await self._contact.wait_text(containing=text, timeout=PATIENCE.total_seconds())
        say("✅", f"Maria's phone decrypted: {got}")

    async def invite(self) -> None:
        address = self._runtime.address
        link, _ = await self._runtime.services.sign_ins.link()
        auth = f'-H "Authorization: Bearer {self._key}"'
        base = f"{address}/v1/instances/{INSTANCE}"
        body = f"""{{"to": "+{CONTACT}", "text": "Olá"}}"""
        print(f"\n👉 Open it in your browser (this link works once): {address}/link?secret={link}")
        print(f"\nRecado is up at {address} (API: {address}/docs). Its key for today: {self._key}")
        print("Maria answers what you send her. Try, in another terminal:\n")
        print(f"  curl -s {auth} {base}")
        print(f"  curl -s {auth} '{base}/messages?limit=3'")
        print(f"  curl -s {auth} -H 'Content-Type: application/json' -d '{body}' {base}/messages")
        print("\nCtrl-C ends it; its data stays in the folder demo-data.", flush=True)


async def _chatter(network: Network, runtime: Runtime) -> None:
    """Maria answers whatever she gets, until Recado ends."""
    phone, maria = network.add_phone(PHONE), network.add_contact(CONTACT)
    async with asyncio.TaskGroup() as tasks:
        talk = tasks.create_task(_talk(phone, maria))
        await runtime.ended()
        talk.cancel()


async def _talk(phone: Phone, maria: Contact) -> None:
    seen = max((message.n for message in maria.inbox), default=0)
    while True:
        message = await maria.inbox.wait(lambda m: m.n > seen and m.text is not None, None)  # noqa: B023
        seen = message.n
        await maria.read(phone)
        await maria.send_text(phone, f"Recebi: {message.text}")


async def ask(http: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
    """One call to the API. Raises RecadoError in the server's words."""
    async with http.request(method, path, json=body) as answer:
        value: Any = None if answer.status == 204 else await answer.json(content_type=None)
        if answer.status >= 400:
            raise RecadoError(value["code"], value["detail"], hint=value.get("hint", ""))
        return value


def say(mark: str, sentence: str, **facts: object) -> None:
    shown = "  ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
    print(f"{mark} {sentence}" + (f"\n   {shown}" if shown else ""), flush=True)
