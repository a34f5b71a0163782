"""A pooler in transaction mode, as small as can be: all its clients share one connection to the database."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from pathlib import Path

from psycopg import conninfo

_OK = b"R" + struct.pack("!ii", 8, 0)


@contextlib.asynccontextmanager
async def transaction_pooler(url: str) -> AsyncIterator[str]:
    """The URL of a pooler before the database at `url` (a socket's); it lets in one transaction after another."""
    parts = conninfo.conninfo_to_dict(url)
    upstream = await asyncio.open_unix_connection(Path(str(parts["host"])) / ".s.PGSQL.5432")
    greeting = await _log_in(*upstream, str(parts["user"]), str(parts["dbname"]))
    turn = asyncio.Lock()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await _read_startup(reader, writer)
            writer.write(greeting)
            while (message := await _read_message(reader))[:1] != b"X":
                async with turn:
                    upstream[1].write(message)
                    while (answer := await _read_message(upstream[0]))[:1] != b"Z":
                        writer.write(answer)
                    writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"postgresql://{parts['user']}@127.0.0.1:{port}/{parts['dbname']}?sslmode=disable&gssencmode=disable"
    upstream[1].close()


async def _log_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, user: str, database: str) -> bytes:
    """Begin a session; what the server says of itself, which is good for every client."""
    body = b"\0".join([b"user", user.encode(), b"database", database.encode(), b"", b""])
    writer.write(struct.pack("!ii", len(body) + 8, 196608) + body)
    greeting = b""
    while not greeting.endswith(b"Z" + struct.pack("!i", 5) + b"I"):
        greeting += await _read_message(reader)
    assert greeting.startswith(_OK)
    return greeting


async def _read_startup(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    await reader.readexactly(length - 4)


async def _read_message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
