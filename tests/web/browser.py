"""What a browser does without its window: keeps cookies, says where it comes from, follows no redirect by itself."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import aiohttp


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An answer. `leads_to` is where a redirect goes."""

    status: int
    headers: dict[str, str]
    html: str

    @property
    def leads_to(self) -> str:
        return self.headers.get("location", "")

    @property
    def text(self) -> str:
        """What a person reads: without tags, spaces made one."""
        bare = re.sub(r"(?s)<(script|style|svg).*?</\1>|<[^>]*>", " ", self.html)
        return re.sub(r"\s+", " ", unescape(bare)).strip()


class Browser:
    """A browser with its own cookies."""

    def __init__(self, address: str, http: aiohttp.ClientSession) -> None:
        self.address = address
        self._http = http

    @staticmethod
    @contextlib.asynccontextmanager
    async def open(address: str) -> AsyncIterator[Browser]:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as http:
            yield Browser(address, http)

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self._http.cookie_jar}

    async def get(self, path: str, **headers: str) -> Seen:
        return await self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def part(self, path: str) -> Seen:
        """As htmx asks."""
        return await self.get(path, HX_Request="true")

    async def post(self, path: str, headers: dict[str, str] | None = None, **form: Any) -> Seen:
        """As a form of our own page."""
        return await self.ask("POST", path, headers={"Origin": self.address} | (headers or {}), data=form)

    async def ask(self, method: str, path: str, **options: Any) -> Seen:
        url = path if path.startswith("http") else self.address + path
        async with self._http.request(method, url, allow_redirects=False, **options) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Seen(status=answer.status, headers=headers, html=await answer.text(errors="replace"))

    async def sign_in(self, key: str) -> Seen:
        return await self.post("/sign-in", key=key)

    @contextlib.asynccontextmanager
    async def live(self, path: str) -> AsyncIterator[AsyncIterator[tuple[str, str, str]]]:
        """A live stream's events as (event, id, data)."""
        async with self._http.get(self.address + path) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream"), await answer.text()
            yield _events(answer.content)


async def _events(content: aiohttp.StreamReader) -> AsyncIterator[tuple[str, str, str]]:
    event, id, data = "message", "", []
    async for raw in content:
        name, _, value = raw.decode().rstrip("\n").partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "id":
            id = value
        elif name == "data":
            data.append(value)
        elif not name and not value and data:
            yield event, id, "\n".join(data)
            event, data = "message", []
