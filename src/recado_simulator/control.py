"""The control API: a network driven over HTTP, JSON in and out."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from recado_simulator import app_state_orders, group_orders, history_orders, people_orders
from recado_simulator.contact import Contact
from recado_simulator.content import text_message
from recado_simulator.fault_orders import FAULTS
from recado_simulator.handset import Handset
from recado_simulator.network import Network
from recado_simulator.pairings import ScanRefused
from recado_simulator.phone import Phone

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LARGEST_BODY = 64 * 1024 * 1024
FILLER = "Mensagem preparada "


class Control:
    """Serves one network on loopback; `stopped` is set by POST /stop."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.stopped = asyncio.Event()
        app = web.Application(client_max_size=LARGEST_BODY, middlewares=[errors_as_json])
        app.add_routes(
            [
                web.get("/", self._show),
                web.get("/phones", self._list_phones),
                web.post("/phones", self._add_phone),
                web.get("/phones/{phone}", self._show_phone),
                web.post("/phones/{phone}/scan", self._scan),
                web.post("/phones/{phone}/enter-code", self._enter_code),
                web.post("/phones/{phone}/unlink", self._unlink),
                web.post("/phones/{phone}/book", self._book),
                web.post("/phones/{phone}/chats", self._chats),
                web.get("/phones/{phone}/app-state", self._show_app_state),
                web.post("/phones/{phone}/app-state", self._app_state),
                web.get("/phones/{phone}/history", self._show_history),
                web.post("/phones/{phone}/history", self._history),
                web.get("/contacts", self._list_contacts),
                web.post("/contacts", self._add_contact),
                web.post("/contacts/{phone}/send", self._send),
                web.get("/contacts/{phone}/inbox", self._inbox),
                web.post("/contacts/{phone}/read", self._read),
                web.get("/contacts/{phone}/sees", self._sees),
                web.post("/contacts/{phone}/{order}", self._do),
                web.get("/groups", self._list_groups),
                web.post("/groups", self._add_group),
                web.get("/groups/{group}", self._show_group),
                web.post("/groups/{group}/{order}", self._change_group),
                web.post("/prepare", self._prepare),
                web.post("/faults", self._fault),
                web.get("/ledger", self._ledger),
                web.get("/ledger/counts", self._counts),
                web.post("/stop", self._stop),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)

    async def start(self, port: int) -> str:
        """Listens on loopback; returns the URL."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _show(self, request: web.Request) -> web.Response:
        network = self._network
        return web.json_response(
            {
                "network": network.url,
                "root_key": network.root_key,
                "phones": [describe(phone) for phone in network.phones],
                "contacts": [describe(contact) for contact in network.contacts],
                "doubles": len(network.doubles),
            }
        )

    async def _list_phones(self, request: web.Request) -> web.Response:
        return web.json_response({"phones": [describe(phone) for phone in self._network.phones]})

    async def _list_contacts(self, request: web.Request) -> web.Response:
        return web.json_response({"contacts": [describe(contact) for contact in self._network.contacts]})

    async def _add_phone(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        phone = self._network.add_phone(body["phone"], name=body.get("name") or "", lid=body.get("lid"))
        return web.json_response(describe(phone))

    async def _add_contact(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        contact = self._network.add_contact(body["phone"], name=body.get("name") or "", lid=body.get("lid"))
        return web.json_response(describe(contact))

    async def _show_phone(self, request: web.Request) -> web.Response:
        return web.json_response(describe(self._phone(request)))

    async def _scan(self, request: web.Request) -> web.Response:
        phone = self._phone(request)
        await phone.scan((await body_of(request))["qr"])
        return web.json_response(describe(phone))

    async def _enter_code(self, request: web.Request) -> web.Response:
        phone = self._phone(request)
        await phone.enter_code((await body_of(request))["code"])
        return web.json_response(describe(phone))

    async def _unlink(self, request: web.Request) -> web.Response:
        phone = self._phone(request)
        await phone.unlink()
        return web.json_response(describe(phone))

    async def _book(self, request: web.Request) -> web.Response:
        return web.json_response(app_state_orders.book(self._phone(request), await body_of(request)))

    async def _chats(self, request: web.Request) -> web.Response:
        return web.json_response(app_state_orders.chats(self._phone(request), await body_of(request)))

    async def _show_app_state(self, request: web.Request) -> web.Response:
        return web.json_response(app_state_orders.versions(self._phone(request)))

    async def _app_state(self, request: web.Request) -> web.Response:
        return web.json_response(app_state_orders.app_state(self._phone(request), await body_of(request)))

    async def _history(self, request: web.Request) -> web.Response:
        return web.json_response(await history_orders.take(self._phone(request), await body_of(request)))

    async def _show_history(self, request: web.Request) -> web.Response:
        return web.json_response(history_orders.offered(self._phone(request)))

    async def _send(self, request: web.Request) -> web.Response:
        sender, body = self._handset(request), await body_of(request)
        message = b64decode(body["message"], validate=True) if "message" in body else text_message(body["text"])
        ids = [
            await sender.send(
                body["to"],
                message,
                id=body.get("id"),
                address=body.get("address", "lid"),
                alternative=body.get("alternative", True),
                corrupt=body.get("corrupt", False),
            )
            for _ in range(body.get("count", 1))
        ]
        return web.json_response({"ids": ids})

    async def _inbox(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        messages = [
            {
                "n": message.n,
                "id": message.id,
                "from": message.account,
                "chat": str(message.chat),
                "text": message.text,
                "message": b64encode(message.message).decode(),
                "at": int(message.at * 1000),
                "is_from_me": message.is_from_me,
                "copies": message.copies,
            }
            for message in self._handset(request).inbox
            if message.n > after
        ]
        return web.json_response({"messages": messages})

    async def _read(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        return web.json_response({"ids": await self._handset(request).read(body["from"])})

    async def _sees(self, request: web.Request) -> web.Response:
        return web.json_response({"sightings": people_orders.sightings(self._handset(request))})

    async def _do(self, request: web.Request) -> web.Response:
        order = request.match_info["order"]
        return web.json_response(await people_orders.take(self._handset(request), order, await body_of(request)))

    async def _list_groups(self, request: web.Request) -> web.Response:
        return web.json_response({"groups": [group_orders.describe(group) for group in self._network.groups]})

    async def _add_group(self, request: web.Request) -> web.Response:
        return web.json_response(group_orders.make(self._network, await body_of(request)))

    async def _show_group(self, request: web.Request) -> web.Response:
        return web.json_response(group_orders.show(self._network, request.match_info["group"]))

    async def _change_group(self, request: web.Request) -> web.Response:
        name, order = request.match_info["group"], request.match_info["order"]
        return web.json_response(await group_orders.take(self._network, name, order, await body_of(request)))

    async def _prepare(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        size = body.get("bytes", 0)
        texts = [f"{FILLER}{n}".ljust(size, ".") for n in range(int(body["count"]))]
        first = self._network.extra_contact(0)
        prepared = first.prepare(body["to"], [text_message(text) for text in texts], chat_count=body.get("contacts", 1))
        self._network.enqueue(prepared)
        return web.json_response({"ids": prepared.ids})

    async def _fault(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        order = FAULTS.get(body["kind"])
        if order is None:
            raise web.HTTPBadRequest(text=f"there is no fault {body['kind']!r}; there are {', '.join(FAULTS)}")
        order(self._network.faults, body)
        return web.json_response({})

    async def _ledger(self, request: web.Request) -> web.Response:
        account, confirmed = request.query.get("account"), request.query.get("confirmed")
        rows = self._network.ledger.of(account) if account else self._network.ledger.rows()
        if confirmed is not None:
            wanted = confirmed in ("true", "1")
            rows = [row for row in rows if row.direction == "in" and (row.confirmed_at is not None) == wanted]
        return web.json_response({"rows": [row.as_json() for row in rows]})

    async def _counts(self, request: web.Request) -> web.Response:
        return web.json_response(self._network.ledger.counts(request.query.get("account")))

    async def _stop(self, request: web.Request) -> web.Response:
        self.stopped.set()
        return web.json_response({})

    def _handset(self, request: web.Request) -> Handset:
        network = self._network
        return network.handset(network.account(request.match_info["phone"]))

    def _phone(self, request: web.Request) -> Phone:
        handset = self._handset(request)
        if not isinstance(handset, Phone):
            raise LookupError(f"{handset} is a contact")
        return handset


def describe(handset: Handset) -> Json:
    account = handset.account
    described = {"phone": account.phone, "lid": handset.lid, "name": account.name}
    if isinstance(handset, Contact):
        return described
    return {**described, "online": account.is_online, "linked": [str(d.phone_jid) for d in account.devices.values()]}


async def body_of(request: web.Request) -> Json:
    body = await request.json() if request.can_read_body else {}
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="the body is not a JSON object")
    return body


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        return web.json_response({"error": error.text or error.reason}, status=error.status)
    except ScanRefused as error:
        return web.json_response({"error": str(error)}, status=409)
    except KeyError as error:
        return web.json_response({"error": f"{error} is missing"}, status=400)
    except LookupError as error:
        return web.json_response({"error": str(error)}, status=404)
    except (ValueError, TypeError, json.JSONDecodeError, NotBase64) as error:
        return web.json_response({"error": str(error)}, status=400)
