"""A program: the fast receiver of webhooks. Answers 200 at once and remembers when each delivery came.

Says `{"url": …}`. Told `reset` it forgets all; told `count` it says `{"count": …}`; told `span` it says
`{"first": …, "last": …}`, when the first and the last came; told `report` it says
`{"deliveries": [[seconds since 1970, the message's WhatsApp id], …]}`. Ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any, Final

import uvloop

_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Deliveries:
    """What has come, in order."""

    def __init__(self) -> None:
        self._came: list[tuple[float, bytes]] = []

    def add(self, body: bytes) -> None:
        self._came.append((time.time(), body))

    def answer(self, question: str) -> dict[str, Any]:
        if question == "reset":
            self._came.clear()
        if question == "span":
            return {"first": self._came[0][0], "last": self._came[-1][0]}
        if question == "report":
            return {"deliveries": [[at, json.loads(body)["data"].get("wa_id")] for at, body in self._came]}
        return {"count": len(self._came)}


class Connection(asyncio.Protocol):
    """HTTP/1.1 with kept connections, as little of it as one sender needs."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (head := self._held.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._held, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self._held) < end:
                return
            self._deliveries.add(self._held[head + 4 : end])
            self._held = self._held[end:]
            self._transport.write(_ANSWER)


async def main() -> None:
    loop = asyncio.get_running_loop()
    deliveries = Deliveries()
    server = await loop.create_server(lambda: Connection(deliveries), "127.0.0.1", 0)
    say({"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"})
    questions = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    while question := await questions.readline():
        say(deliveries.answer(question.decode().strip()))


def say(value: Any) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
