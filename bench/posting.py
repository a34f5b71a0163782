"""Posts JSON over a Unix socket with as little Python as can be, so that the caller costs next to nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

Request = tuple[str, Any]


async def post_all(socket: Path, requests: Sequence[Request], at_once: int) -> None:
    """Each is a path and a body; on `at_once` connections. Raises RuntimeError when one is not answered with 2xx."""
    frames = iter([frame(path, body) for path, body in requests])
    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(_post(socket, frames))


def frame(path: str, body: Any) -> bytes:
    text = json.dumps(body).encode()
    head = [f"POST {path} HTTP/1.1", "Host: recado", "Content-Type: application/json", f"Content-Length: {len(text)}"]
    return "\r\n".join([*head, "", ""]).encode() + text


async def _post(socket: Path, frames: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        for one in frames:
            writer.write(one)
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            if not head.startswith(b"HTTP/1.1 2"):
                raise RuntimeError(f"{head[:60].decode()}: {body[:500].decode()}")
    finally:
        writer.close()
