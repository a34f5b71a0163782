"""Stories of the past: a phone with years of it pairs, and all of it is in the tables, whatever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from bench.scale import weighed
from recado.domain.errors import RecadoError
from recado_simulator import UntidyHistory, untidy
from recado_simulator.history import Chunk, Conversation, History, HistoryMessage, SyncType
from tests.stories.ears import heard
from tests.stories.past import assert_it_is_the_truth, fingerprint
from tests.stories.product import GUARD, Product
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(600)]

HOST_MAY_GROW, PYTHON_MAY_GROW = 40, 60  # MB


def taught(phone, truth: UntidyHistory):
    """The phone has this past, and its address book the names that go with it."""
    phone.history = truth
    with phone.app_state.together():
        for entry in truth.book:
            phone.book.save(entry.jid, entry.name)


async def progress(recado: Product, name: str = "loja") -> dict[str, Any]:
    return await recado.call("GET", f"/v1/instances/{name}/history")


async def until_stored(recado: Product, count: int) -> dict[str, Any]:
    """The progress once so many pieces have come to their end."""

    async def are_over() -> dict[str, Any] | None:
        told = await progress(recado)
        return told if sum(piece["ended_at"] is not None for piece in told["pieces"]) >= count else None

    return await until(are_over, guard=4 * GUARD)


async def test_a_phone_with_years_of_untidy_history_is_all_in_the_tables(
    recado: Product, network, phone, maria, receiver, sql, record_property
):
    truth = untidy(4)
    taught(phone, truth)
    await recado.call("POST", "/v1/webhooks", {"url": receiver.url, "events": ["message.*", "history.progress"]})
    other = network.add_phone("5511999990002")
    await recado.pair("outra", other)
    await maria.send_text(other, "so that every part has worked once")
    await heard(receiver, "message.received")
    async with weighed(host=recado.host_pid, python=recado.pid) as scale:
        await recado.pair("loja", phone)
        live = [await maria.send_text(phone, f"live {n}") for n in range(10)]

        async def are_there() -> bool:
            return sql("SELECT count(*) FROM public.whatsapp_messages WHERE wa_id = ANY(%s)", live) == [(10,)]

        await until(are_there)
        during = await progress(recado)
        told = await until_stored(recado, len(truth.chunks))
    record_property("MB", scale.grown)
    assert (during["state"], told["state"], told["percent"]) == ("running", "complete", 100)
    assert_it_is_the_truth(sql, truth)
    assert scale.grown["host"] <= HOST_MAY_GROW
    assert scale.grown["python"] <= PYTHON_MAY_GROW

    before = fingerprint(sql)
    await phone.offer_history(truth.chunks)
    await until_stored(recado, 2 * len(truth.chunks))
    assert fingerprint(sql) == before
    assert (await progress(recado))["messages"] == 0

    types = dict(sql("SELECT type, count(*) FROM recado.event_log WHERE type LIKE 'message.%%' GROUP BY type"))
    assert types == {"message.received": 11}
    assert sql("SELECT count(*) FROM recado.event_log WHERE type = 'history.progress'") == [(2 * len(truth.chunks),)]
    await until(lambda: len(receiver.got) >= 11 + 2 * len(truth.chunks))
    assert {event["type"] for event in receiver.events} == {"message.received", "history.progress"}


async def test_what_is_killed_in_the_middle_loses_and_doubles_nothing(recado: Product, phone, sql, database_url):
    truth = untidy(11, chats=80, contacts=400, messages=8_000)
    taught(phone, truth)
    await recado.pair("loja", phone)
    async with stopped_after(database_url, 1_500):
        os.kill(recado.host_pid, signal.SIGKILL)
    async with stopped_after(database_url, 4_000):
        await recado.kill()
    await recado.start()
    told = await until_stored(recado, len(truth.chunks))
    assert told["state"] == "complete"
    assert_it_is_the_truth(sql, truth)


@asynccontextmanager
async def stopped_after(database_url: str, count: int) -> AsyncIterator[None]:
    """As soon as there are so many messages, and while the block runs, nothing more can be committed."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:

        async def are_there() -> bool:
            rows = await connection.execute("SELECT count(*) >= %s FROM public.whatsapp_messages", [count])
            [(enough,)] = await rows.fetchall()
            return bool(enough)

        await until(are_there, guard=GUARD)
        await connection.execute("LOCK TABLE recado.history_pieces IN EXCLUSIVE MODE")
        yield
        await connection.rollback()


async def test_pieces_that_cannot_be_had_are_lost_and_seen_and_the_others_go_on(recado, phone, sql):
    await recado.pair("loja", phone)
    bad = [await phone.offer_history([texts(how, progress=50)], broken=how) for how in ("hash", "gone", "zlib", "form")]
    bad.append(await phone.offer_history([conversation_of(129)]))
    [good] = await phone.offer_history([texts("kept", progress=100)])
    told = await until_stored(recado, 6)
    assert (told["state"], told["lost"], told["percent"]) == ("complete", 5, 100)
    ends = [(piece["state"], bool(piece["error"])) for piece in told["pieces"]]
    assert ends == [("done", False), *[("lost", True)] * 5]
    assert f"{129 << 20} bytes" in told["pieces"][1]["error"]
    assert sql("SELECT text FROM public.whatsapp_messages") == [("kept",)]
    await phone.offers.wait(lambda _: all("server-error" in offer.receipts for [offer] in bad))
    assert "hist_sync" in good.receipts
    timeline = await recado.call("GET", "/v1/instances/loja/timeline", language="pt")
    assert sum("não pôde ser obtida" in entry["sentence"] for entry in timeline["items"]) == 5


async def test_older_messages_of_a_chat_come_when_they_are_asked_for(recado, phone, sql):
    chat = "5511988880000@s.whatsapp.net"
    old = [HistoryMessage(id=f"3AOLD{n}", at=1_700_000_000 + n, text=f"old {n}") for n in range(5)]
    new = HistoryMessage(id="3ANEW", at=1_700_000_900, text="new")
    phone.history = History(conversations=[Conversation(chat, messages=[new], older=old)])
    await recado.pair("loja", phone)
    await until_stored(recado, 1)
    [listed] = (await recado.call("GET", "/v1/instances/loja/chats"))["items"]
    path = f"/v1/instances/loja/chats/{listed['id']}/history"
    some = await recado.call("POST", path, {"count": 3}, wait="answered")
    rest = await recado.call("POST", path, {"count": 500}, wait="answered")
    assert [(one["state"], one["messages"]) for one in (some, rest)] == [("answered", 3), ("answered", 2)]
    rows = sql("SELECT text FROM public.whatsapp_messages ORDER BY sent_at, tiebreak")
    assert [text for (text,) in rows] == ["old 0", "old 1", "old 2", "old 3", "old 4", "new"]
    with pytest.raises(RecadoError, match="no older messages"):
        await recado.call("POST", path, {"count": 1})


def texts(text: str, *, progress: int) -> Chunk:
    """A piece of one message."""
    said = HistoryMessage(id=f"3A{text.upper()}", at=1_760_000_000, text=text)
    chat = Conversation("5511988880000@s.whatsapp.net", messages=[said])
    return Chunk.of(SyncType.RECENT, [chat], progress=progress)


def conversation_of(megabytes: int) -> Chunk:
    """A piece that is a single conversation of that size."""
    size, packing = megabytes << 20, zlib.compressobj(1)
    head = bytes([2 << 3 | 2, *(size >> shift & 0x7F | (0x80 if shift < 28 else 0) for shift in range(0, 35, 7))])
    packed = [packing.compress(head), *(packing.compress(bytes(1 << 20)) for _ in range(megabytes))]
    payload = b"".join([*packed, packing.flush()])
    return Chunk(sync_type=SyncType.FULL, order=1, progress=50, oldest_at=None, messages=0, payload=payload)
