"""Who gets in where: every scope at every route, which is read from the router, so that none is forgotten."""

from __future__ import annotations

import re
from typing import Any, cast

import aiohttp
import pytest
import pytest_asyncio
from fastapi import APIRouter

from recado.app import create_app
from recado.domain.access import EVERYTHING, SCOPES
from recado.settings import read_settings
from tests.api.door import Door, House
from tests.api.routes import OPEN, SCOPE_OF, Operation, address, pages, routes, routes_of

MATRIX = sorted(SCOPE_OF)
REFUSALS = (401, 403)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def doors(house: House) -> dict[str, Door]:
    """A key for each scope that has no other."""
    return {scope: await house.door.new_key(scope) for scope in SCOPES}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def strangers(house: House) -> dict[str, Door]:
    """Without a key, and with one that is one no more; what else makes a key invalid is said by tests of Keys."""
    keys = house.door.runtime.services.keys
    revoked, secret = await keys.create("revoked", ["admin"], by=EVERYTHING)
    await keys.revoke(revoked.id, EVERYTHING)
    return {what: house.door.with_key(key) for what, key in {"none": None, "revoked": secret}.items()}


async def status(door: Door, operation: Operation, **headers: str) -> int:
    """What it answers, as a status; nothing that is there is meant, so whoever gets in gets 2xx, 404 or 422."""
    method, path = operation
    url = door.runtime.address + address(path, {})
    if method == "WEBSOCKET":
        return await _socket_status(door, url)
    body = {"json": {}} if method in ("POST", "PATCH") and path.startswith("/v1/") else {}
    asked = door.http.request(method, url, headers=door.headers | headers, allow_redirects=False, **body)
    async with asked as answer:
        return answer.status


async def _socket_status(door: Door, url: str) -> int:
    """A refusal is the first frame; for who gets in that is the first event of the log, and 200 stands for it."""
    async with door.http.ws_connect(url + "?after=0", headers=door.headers) as socket:
        frame = await socket.receive_json()
        return 200 if "seq" in frame else int(frame["status"])


async def test_every_route_wants_a_scope_or_a_sign_in_or_is_open_for_a_reason():
    known = SCOPE_OF.keys() | OPEN.keys()
    assert known - routes() == set(), "not there any more"
    assert [page for page in pages() if page[1].startswith("/v1")] == [], "a call of the API without a scope"


async def test_a_route_that_somebody_adds_is_found():
    app = create_app(cast(Any, None), read_settings())
    added = APIRouter(prefix="/v1/instances/{name}")
    added.get("/secrets")(lambda: "all of them")
    app.include_router(added)
    assert routes_of(app) - routes() == {("GET", "/v1/instances/{name}/secrets")}


@pytest.mark.parametrize("operation", MATRIX, ids=" ".join)
async def test_a_call_takes_the_key_that_has_its_scope_and_no_other(doors: dict[str, Door], operation: Operation):
    found = {scope for scope, door in doors.items() if await status(door, operation) not in REFUSALS}
    assert found == {"admin", SCOPE_OF[operation]}


@pytest.mark.parametrize("operation", MATRIX, ids=" ".join)
async def test_a_call_takes_nobody_without_a_key_that_is_valid(strangers: dict[str, Door], operation: Operation):
    found = {what: await status(door, operation) for what, door in strangers.items()}
    assert set(found.values()) == {401}, found


async def test_a_page_takes_nobody_who_is_not_signed_in(house: House):
    """A key in a header is no sign-in either."""
    ours = {"Origin": house.door.runtime.address}
    for door in (house.door.with_key(None), house.door):
        found = {operation: await status(door, operation, **ours) for operation in pages()}
        assert {operation: status for operation, status in found.items() if status not in (303, 401)} == {}


@pytest.mark.parametrize("cookie", ["x", "rcd_" + "x" * 43])
async def test_a_page_takes_nobody_with_a_cookie_that_was_made_up(house: House, cookie: str):
    headers = {"Origin": house.door.runtime.address, "Cookie": f"recado_session={cookie}"}
    stranger = house.door.with_key(None)
    found = {operation: await status(stranger, operation, **headers) for operation in pages()}
    assert {operation: status for operation, status in found.items() if status not in (303, 401)} == {}


async def test_what_is_open_names_nobody(house: House):
    names = {"loja", "filial", *house.known.values()} - {""}
    stranger = house.door.with_key(None)
    for method, path in OPEN:
        headers = {"Origin": house.door.runtime.address}
        url = house.door.runtime.address + address(path, {})
        async with stranger.http.request(method, url, headers=headers, allow_redirects=False) as answer:
            said = await answer.text() + str(answer.headers)
        examples = path in ("/docs", "/openapi.json")
        assert [name for name in names if name in said and not (examples and name == "loja")] == [], path
        assert examples or re.findall(r"\b5511\d{9}\b", said) == [], path  # whole numbers: a figure may have any digits


async def test_the_link_to_sign_in_is_given_to_the_owner_of_the_machine_alone(house: House):
    assert (await house.door.get("/sign-in/link")).status == 404
    connector = aiohttp.UnixConnector(str(house.door.runtime.socket))
    async with aiohttp.ClientSession("http://recado", connector=connector) as owner, owner.get("/sign-in/link") as door:
        assert door.status == 200
