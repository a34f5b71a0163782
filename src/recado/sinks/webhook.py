"""Events posted to a URL over HTTP, signed by Standard Webhooks."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from recado.clock import Clock
from recado.domain import signature
from recado.domain.delivery import Delivered, Failed, Outcome, Refused
from recado.domain.errors import Invalid
from recado.domain.sink import Parcel
from recado.domain.webhooks import Target

from . import trouble
from .guard import Guard, host_of
from .names import Lookup, Resolver

CONNECT_WITHIN: Final = timedelta(seconds=5)
ANSWER_WITHIN: Final = timedelta(seconds=15)
_READ_AT_MOST: Final = 16 * 1024
_KEPT_ANSWER: Final = 500
# Below the 5 s after which Node and uvicorn close a connection that is idle.
_KEEP_ALIVE: Final = 4.0
_OWN_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "Recado", "Accept": "*/*"}


class WebhookClient:
    """The connections that all webhooks share: kept alive, and none opened to an address that the guard refuses."""

    def __init__(
        self, guarded: aiohttp.ClientSession, trusted: aiohttp.ClientSession, guard: Guard, clock: Clock
    ) -> None:
        self._guarded = guarded
        self._trusted = trusted
        self._guard = guard
        self._clock = clock

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        guard: Guard,
        lookup: Lookup,
        clock: Clock,
        *,
        connect_within: timedelta = CONNECT_WITHIN,
        answer_within: timedelta = ANSWER_WITHIN,
    ) -> AsyncIterator[WebhookClient]:
        """Close all connections at the end of the block."""
        timeout = aiohttp.ClientTimeout(
            total=answer_within.total_seconds(),
            connect=connect_within.total_seconds(),
            sock_connect=connect_within.total_seconds(),
        )
        async with _session(lookup, timeout, guard) as guarded, _session(lookup, timeout, None) as trusted:
            yield cls(guarded, trusted, guard, clock)

    def session_for(self, host: str) -> aiohttp.ClientSession:
        return self._trusted if self._guard.trusts(host) else self._guarded

    def sink(self, target: Target) -> WebhookSink:
        """The sink of one webhook. Never raises: what is wrong with the target is said by its deliveries."""
        return WebhookSink(self, target, self._clock)


class WebhookSink:
    """One receiver. 2xx is delivered, 410 is refused, everything else is a failure; redirects are not followed."""

    def __init__(self, client: WebhookClient, target: Target, clock: Clock) -> None:
        self._clock = clock
        self._headers = CIMultiDict(target.headers)
        self._headers.update(_OWN_HEADERS)
        self._is_closed = False
        self._trouble: str | None = None
        try:
            self._session = client.session_for(host_of(target.url))
            self._url = URL(target.url)
            self._signer = signature.Signer([signature.key_of(secret) for secret in target.secrets])
        except (Invalid, ValueError) as error:
            self._trouble = str(error)

    async def deliver(self, parcel: Parcel) -> Outcome:
        if self._is_closed:
            return Refused(error="this webhook has been closed")
        if self._trouble is not None:
            return Failed(error=self._trouble)
        try:
            try:
                return await self._post(parcel)
            except aiohttp.ServerDisconnectedError:
                # Most likely a kept connection that the receiver closed at this moment.
                return await self._post(parcel)
        except Exception as error:
            return Failed(error=trouble.sentence(error))

    async def close(self) -> None:
        self._is_closed = True

    async def _post(self, parcel: Parcel) -> Outcome:
        now = self._clock.now()
        headers = self._headers.copy()
        headers.update(self._signer.sign(str(parcel.event.id), now, parcel.body))
        async with self._session.post(self._url, data=parcel.body, headers=headers, allow_redirects=False) as response:
            answer = await _first_words(response)
            return outcome(response.status, answer, _retry_after(response.headers.get("Retry-After"), now))


def outcome(status: int, answer: str | None, retry_after: timedelta | None) -> Outcome:
    """What an HTTP status means."""
    if 200 <= status < 300:
        return Delivered(status=status, answer=answer)
    if status == 410:
        return Refused(error="the receiver answered 410 Gone", status=status, answer=answer)
    if 300 <= status < 400:
        return Failed(error=f"the receiver answered {status}; redirects are not followed", status=status, answer=answer)
    return Failed(error=f"the receiver answered {status}", status=status, answer=answer, retry_after=retry_after)


async def _first_words(response: aiohttp.ClientResponse) -> str | None:
    """The beginning of the body; a body over the limit, or one that never ends, costs its connection only."""
    content = response.content
    if content.at_eof():
        return None
    taken = b""
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        while len(taken) < _READ_AT_MOST and not content.at_eof():
            taken += await content.read(_READ_AT_MOST - len(taken))
    if not content.at_eof():
        response.close()
    return taken[:_KEPT_ANSWER].decode("utf-8", "replace").replace("\x00", "") or None


def _retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Seconds or an HTTP date; None when there is none or it cannot be read."""
    if value is None:
        return None
    if value.isascii() and value.isdigit() and len(value) <= 9:
        return timedelta(seconds=int(value))
    try:
        return max(parsedate_to_datetime(value) - now, timedelta())
    except (ValueError, TypeError):
        return None


def _session(lookup: Lookup, timeout: aiohttp.ClientTimeout, guard: Guard | None) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        resolver=Resolver(lookup),
        limit=0,
        keepalive_timeout=_KEEP_ALIVE,
        socket_factory=_checked(guard) if guard is not None else None,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        skip_auto_headers=("Accept-Encoding",),
    )


def _checked(guard: Guard) -> Any:
    """A socket factory that asks the guard about the very address that is about to be connected to."""

    def make(info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, address = info
        guard.admit(str(address[0]))
        return socket.socket(family=family, type=kind, proto=protocol)

    return make
