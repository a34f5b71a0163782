"""Who signs in with a key of one instance finds nothing of another on any page, and can change nothing of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie

import pytest
import pytest_asyncio

from tests.api.door import Answer
from tests.api.neighbours import Street, text_of
from tests.api.routes import Operation, address, pages

LIVE = [page for page in pages() if page[1].endswith("/live")]
SHOWN = [page for page in pages() if page[0] == "GET" and page not in LIVE]
INTO = [page for page in pages() if "{" in page[1]]


class Visitor:
    """A browser that has signed in with the bound key."""

    def __init__(self, street: Street, cookie: str) -> None:
        self.street = street
        self._headers = {"Cookie": cookie, "Origin": street.admin.runtime.address}

    async def visit(self, operation: Operation, values: dict[str, str]) -> Answer:
        method, path = operation
        door = self.street.admin.with_key(None)
        return await door.call(method, address(path, values), headers=self._headers, allow_redirects=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def visitor(street: Street) -> AsyncIterator[Visitor]:
    url, origin = street.key.runtime.address + "/sign-in", {"Origin": street.key.runtime.address}
    form = {"key": street.key.key}
    async with street.key.http.post(url, data=form, headers=origin, allow_redirects=False) as answer:
        cookies: SimpleCookie = answer.cookies
        assert answer.status == 303
    yield Visitor(street, "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()))


async def places_of(street: Street, name: str) -> dict[str, str]:
    """What the pages' addresses name, of that instance."""
    one = street.ana if name == "anahi" else street.bia
    async with street.admin.runtime.database.transaction() as tx:
        query = "SELECT max(position)::text FROM recado.event_log WHERE instance_id = %s AND type = 'message.received'"
        position = (await (await tx.execute(query, (one.session,))).fetchone() or ("0",))[0]
    return {**one.known, "id": one.session, "position": position}


@pytest.mark.parametrize("page", SHOWN, ids=" ".join)
async def test_one_s_own_pages_show_nothing_of_another(street: Street, visitor: Visitor, page: Operation):
    answer = await visitor.visit(page, await places_of(street, "biarritz"))
    assert answer.status < 500
    assert street.ana.shown_in(text_of(answer)) == []


async def test_one_s_own_are_shown(street: Street, visitor: Visitor):
    """Else the tests before would say nothing."""
    places = await places_of(street, "biarritz")
    shown = [page for page in SHOWN if street.bia.shown_in(text_of(await visitor.visit(page, places)))]
    assert {("GET", "/instances"), ("GET", "/chats"), ("GET", "/chats/{chat_id}"), ("GET", "/instances/{id}")} <= set(
        shown
    )


@pytest.mark.parametrize("page", INTO, ids=" ".join)
async def test_the_pages_of_another_are_not_there(street: Street, visitor: Visitor, page: Operation):
    places = await places_of(street, "anahi")
    answer = await visitor.visit(page, places)
    assert answer.status == 404
    assert [mark for mark in street.ana.marks - set(places.values()) if mark in text_of(answer)] == []
