"""Each error of docs/engine-protocol.md, section 3, from the real host: its code, its kind, whether it may pass."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest

from recado.engines.whatsmeow_program import upgrade_tables, whatsmeow_program
from tests.engines.harness import link
from tests.engines.test_whatsmeow_calls import refusal
from tests.engines.whatsmeow_harness import BINARY, WhatsmeowHarness, whatsmeow

pytestmark = pytest.mark.engine

SEND = {"session": "s1", "fence": 1, "id": "3EB0AE", "to": "5511988887777@s.whatsapp.net"}
NOTHING_THERE = {"direct_path": "/v/none", "file_length": 1} | dict.fromkeys(
    ("media_key", "file_sha256", "file_enc_sha256"), base64.b64encode(bytes(32)).decode()
)


@pytest.fixture
async def harness(database_url, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
    async with whatsmeow(database_url, tmp_path) as harness:
        yield harness


async def test_without_a_device_a_call_that_needs_one_is_not_paired(harness):
    await harness.engine.start("s1", 1)
    assert await refusal(harness, "send", **SEND, message={}) == (-32004, "not_paired", False)


async def test_a_linked_session_says_what_it_refuses(harness):
    await link(harness, "s1")
    text, nobody = {"conversation": "Oi"}, f"{harness.nobody()}@s.whatsapp.net"
    held = {"session": "s1", "fence": 1}
    assert [
        await refusal(harness, "pair_qr", **held),
        await refusal(harness, "probe", session="s1", fence=0),
        await refusal(harness, "send", **SEND | {"to": nobody}, message=text),
        await refusal(harness, "group", **held, chat="120363000000000001@g.us"),
        await refusal(harness, "download", **held, kind="image", **NOTHING_THERE),
    ] == [
        (-32004, "already_paired", False),
        (-32002, "stale_fence", False),
        (-32010, "not_on_whatsapp", False),
        (-32006, "server", False),
        (-32011, "gone", False),
    ]


async def test_a_refusal_of_the_network_that_may_pass_says_so(harness):
    await link(harness, "s1")
    await harness.refuse_next_send("s1", 429)
    assert await refusal(harness, "send", **SEND, message={"conversation": "Oi"}) == (-32006, "server", True)


async def test_without_a_connection_a_call_that_needs_one_is_not_connected(harness):
    await link(harness, "s1")
    harness.network.faults.refuse_connections()
    await harness.cut("s1")
    await harness.listener.signalled(
        "disconnected", "s1", count=harness.listener.types("s1").count("disconnected") or 1
    )
    assert await refusal(harness, "probe", session="s1", fence=1) == (-32003, "not_connected", True)


async def test_a_table_that_cannot_be_read_is_a_failure_of_storage(harness, database_url):
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("ALTER TABLE whatsmeow.engine_session RENAME TO away")
        opening = {"session": "s1", "fence": 1, "lease_ms": 20_000}
        assert await refusal(harness, "open", **opening) == (-32008, "storage", True)
        await connection.execute("ALTER TABLE whatsmeow.away RENAME TO engine_session")
        assert await harness.ask("open", **opening) == {"device": None}


@contextlib.asynccontextmanager
async def bare_host(database_url: str, directory) -> AsyncIterator[Callable[[bytes], Any]]:
    """The host without our end of the pipe: what it answers to a line of bytes."""
    await upgrade_tables(BINARY, database_url)
    program = whatsmeow_program(BINARY, database_url, directory / "exchange")
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    child = await asyncio.create_subprocess_exec(*program.arguments, env=dict(program.environment), **pipes)

    async def answer(line: bytes) -> dict[str, Any]:
        child.stdin.write(line + b"\n")
        frame = json.loads(await child.stdout.readline())
        return frame | {
            "error": (frame["error"]["code"], frame["error"]["data"]["kind"], frame["error"]["data"]["retry"])
        }

    try:
        yield answer
    finally:
        child.stdin.close()
        assert await child.wait() == 0


async def test_a_line_that_is_no_frame_is_answered_and_the_next_one_is_heard(database_url, tmp_path):
    async with bare_host(database_url, tmp_path) as answer:
        assert [
            await answer(b"{"),
            await answer(b'{"jsonrpc": "1.0", "id": 7, "method": "sessions"}'),
            await answer(b"x" * 1_048_576),
            await answer(b'{"jsonrpc": "2.0", "id": 8, "method": "sing"}'),
        ] == [
            {"jsonrpc": "2.0", "id": None, "error": (-32700, "parse", False)},
            {"jsonrpc": "2.0", "id": 7, "error": (-32600, "invalid_request", False)},
            {"jsonrpc": "2.0", "id": None, "error": (-32600, "invalid_request", False)},
            {"jsonrpc": "2.0", "id": 8, "error": (-32601, "unknown_method", False)},
        ]
