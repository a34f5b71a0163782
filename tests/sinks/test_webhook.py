"""Posting to receivers that behave and to those that do not."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from recado.clock import SystemClock
from recado.domain.delivery import Delivered, Failed, Refused
from recado.domain.signature import secret_from
from recado.domain.sink import Sink
from recado.domain.webhooks import Target
from recado.sinks.guard import Guard
from recado.sinks.names import Lookup, system_lookup
from recado.sinks.webhook import WebhookClient

from .parcels import parcel
from .receiver import answering, raw_server, receiving

SECRET, OLD = secret_from(b"s" * 32), secret_from(b"o" * 32)
LOOPBACK = ("127.0.0.1",)
SOON = timedelta(milliseconds=300)
ENOUGH = timedelta(seconds=5)  # to be answered in, by a machine that stands still for a while
LONG = timedelta(seconds=60)
METADATA = ["169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "::ffff:a9fe:a9fe"]


@contextlib.asynccontextmanager
async def sink_to(
    url: str,
    *,
    allowed: tuple[str, ...] = LOOPBACK,
    lookup: Lookup = system_lookup,
    patience: timedelta = LONG,
    secrets: tuple[str, ...] = (SECRET,),
    headers: dict[str, str] | None = None,
) -> AsyncIterator[Sink]:
    client = WebhookClient.open(
        Guard(allowed, lookup), lookup, SystemClock(), connect_within=LONG, answer_within=patience
    )
    async with client as opened:
        yield opened.sink(Target(url=url, secrets=secrets, headers=headers or {}))


async def test_the_standard_library_verifies_what_arrives():
    async with receiving() as receiver, sink_to(receiver.url, secrets=(SECRET, OLD)) as sink:
        await sink.deliver(parcel(1))
        [got] = receiver.got
    assert [Webhook(secret).verify(got.body, got.headers)["seq"] for secret in (SECRET, OLD)] == [1, 1]


async def test_own_headers_go_along_and_cannot_replace_ours():
    headers = {"Authorization": "Bearer x", "webhook-id": "mine", "Content-Type": "text/plain"}
    async with receiving() as receiver, sink_to(receiver.url, headers=headers) as sink:
        await sink.deliver(parcel(1))
        [got] = receiver.got
    assert [got.headers[name] for name in ("authorization", "webhook-id", "content-type")] == [
        "Bearer x",
        str(parcel(1).event.id),
        "application/json",
    ]


async def test_the_beginning_of_the_answer_is_kept():
    async with receiving(answering(201, "a" * 10_000)) as receiver, sink_to(receiver.url) as sink:
        assert await sink.deliver(parcel()) == Delivered(status=201, answer="a" * 500)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_another_status_is_a_failure(status: int):
    async with receiving(answering(status, "no")) as receiver, sink_to(receiver.url) as sink:
        outcome = await sink.deliver(parcel())
    assert outcome == Failed(error=f"the receiver answered {status}", status=status, answer="no")


async def test_410_is_a_refusal():
    async with receiving(answering(410)) as receiver, sink_to(receiver.url) as sink:
        assert isinstance(await sink.deliver(parcel()), Refused)


async def test_a_redirect_is_not_followed():
    async with receiving() as other, receiving(answering(307, Location=other.url)) as receiver:
        async with sink_to(receiver.url) as sink:
            outcome = await sink.deliver(parcel())
        assert (type(outcome), outcome.status, other.got) == (Failed, 307, [])


async def test_retry_after_in_seconds_is_passed_on():
    async with receiving(answering(503, Retry_After="120")) as receiver, sink_to(receiver.url) as sink:
        outcome = await sink.deliver(parcel())
    assert outcome.retry_after == timedelta(minutes=2)


@pytest.mark.parametrize("value", ["soon", "-5", "9" * 30, "Wed, 99 Nov 2026"])
async def test_a_retry_after_that_cannot_be_read_is_none(value: str):
    async with receiving(answering(503, Retry_After=value)) as receiver, sink_to(receiver.url) as sink:
        outcome = await sink.deliver(parcel())
    assert (outcome.status, outcome.retry_after) == (503, None)


async def test_a_receiver_that_never_answers_is_a_failure():
    async with receiving() as receiver, sink_to(receiver.url, patience=SOON) as sink:
        receiver.answer = receiver.silence
        assert await sink.deliver(parcel()) == Failed(error="no answer in time")


async def test_a_receiver_that_says_200_and_never_ends_has_taken_it():
    async def endless(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n")
        await reader.read()

    async with raw_server(endless) as url, sink_to(url, patience=ENOUGH) as sink:
        assert await sink.deliver(parcel()) == Delivered(status=200, answer="yes")


async def test_an_answer_without_end_is_read_to_the_limit_only():
    async def flood(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with raw_server(flood) as url, sink_to(url) as sink:
        assert await sink.deliver(parcel()) == Delivered(status=200, answer="x" * 500)


async def test_a_compressed_answer_is_not_unpacked():
    bomb = gzip.compress(b"x" * 1_000_000)

    async def answer(_):
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with receiving(answer) as receiver, sink_to(receiver.url) as sink:
        outcome = await sink.deliver(parcel())
    assert (outcome.status, "x" * 100 in outcome.answer) == (200, False)


async def test_nobody_listening_is_a_failure():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with sink_to(f"http://127.0.0.1:{taken.getsockname()[1]}/") as sink:
            outcome = await sink.deliver(parcel())
    assert isinstance(outcome, Failed)
    assert outcome.error.startswith("no connection")


async def test_what_is_not_http_is_a_failure():
    async def gibberish(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x00\x01\x02 nonsense\r\n\r\n")

    async with raw_server(gibberish) as url, sink_to(url) as sink:
        assert isinstance(await sink.deliver(parcel()), Failed)


async def test_a_kept_connection_that_the_receiver_closed_is_opened_again():
    seen = []

    async def once(reader, writer):
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        if len(seen) == 2:
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        if len(seen) == 1:
            seen.append(await reader.readuntil(b"webhook-id"))

    async with raw_server(once) as url, sink_to(url) as sink:
        outcomes = [await sink.deliver(parcel(1)), await sink.deliver(parcel(2))]
    assert outcomes == [Delivered(status=200), Delivered(status=200)]


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://", "nonsense", "http://[::1/"])
async def test_a_url_that_is_none_fails_without_raising(url: str):
    async with sink_to(url) as sink:
        assert isinstance(await sink.deliver(parcel()), Failed)


async def test_a_header_that_cannot_be_sent_fails_without_raising():
    async with receiving() as receiver, sink_to(receiver.url, headers={"X-A": "1\r\nX-B: 2"}) as sink:
        outcome = await sink.deliver(parcel())
    assert (type(outcome), receiver.got) == (Failed, [])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.1", "0",
     "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:0001]", "127.0.0.1."],
)  # fmt: skip
async def test_a_private_address_is_not_connected_to(host: str):
    async with receiving() as receiver:
        port = receiver.url.split(":")[-1]
        async with sink_to(f"http://{host}:{port}", allowed=()) as sink:
            outcome = await sink.deliver(parcel())
        assert (type(outcome), receiver.got) == (Failed, [])


async def test_the_refusal_names_the_setting():
    async with receiving() as receiver, sink_to(receiver.url, allowed=()) as sink:
        outcome = await sink.deliver(parcel())
    assert "RECADO_ALLOW_PRIVATE_WEBHOOKS" in outcome.error


async def test_a_name_that_was_public_when_checked_and_is_private_when_called_gets_nothing():
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    async def rebinding(_: str) -> list[str]:
        return next(answers)

    async with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "rebinding.example")
        await Guard((), rebinding).check(url)
        async with sink_to(url, allowed=(), lookup=rebinding) as sink:
            outcome = await sink.deliver(parcel())
        assert "127.0.0.1 is a loopback address" in outcome.error
        assert receiver.got == []


@pytest.mark.parametrize("address", METADATA)
async def test_a_name_that_leads_to_a_metadata_service_gets_nothing_and_the_setting_is_named(address: str):
    async def lookup(_: str) -> list[str]:
        return [address]

    async with sink_to("http://metadata.example/latest/", allowed=(), lookup=lookup) as sink:
        outcome = await sink.deliver(parcel())
    assert (type(outcome), outcome.status) == (Failed, None)
    assert address in outcome.error
    assert "RECADO_ALLOW_PRIVATE_WEBHOOKS" in outcome.error


async def test_a_name_with_a_private_address_beside_a_public_one_is_not_called_there():
    async def lookup(_: str) -> list[str]:
        return ["127.0.0.1", "192.0.2.1"]

    async with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "both.example")
        async with sink_to(url, allowed=(), lookup=lookup, patience=SOON) as sink:
            assert isinstance(await sink.deliver(parcel()), Failed)
        assert receiver.got == []


async def test_a_receiver_that_redirects_to_a_metadata_service_leads_nowhere():
    redirect = answering(302, Location="http://169.254.169.254/latest/meta-data/")
    async with receiving(redirect) as receiver, sink_to(receiver.url) as sink:
        outcome = await sink.deliver(parcel())
    assert outcome == Failed(error="the receiver answered 302; redirects are not followed", status=302)


async def test_a_host_that_the_setting_names_may_be_private():
    async def lookup(_: str) -> list[str]:
        return ["127.0.0.1"]

    async with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "n8n.lan")
        async with sink_to(url, allowed=("n8n.lan",), lookup=lookup) as sink:
            assert isinstance(await sink.deliver(parcel()), Delivered)


async def test_a_name_that_hangs_delays_no_other():
    async def lookup(host: str) -> list[str]:
        if host.startswith("hangs"):
            await asyncio.Event().wait()
        return ["127.0.0.1"]

    async with receiving() as receiver:
        guard = Guard(LOOPBACK, lookup)
        async with WebhookClient.open(guard, lookup, SystemClock(), connect_within=LONG, answer_within=LONG) as client:
            stuck = [client.sink(Target(url=f"http://hangs{n}.example/", secrets=(SECRET,))) for n in range(100)]
            waiting = [asyncio.ensure_future(sink.deliver(parcel())) for sink in stuck]
            live = client.sink(Target(url=receiver.url.replace("127.0.0.1", "lives.example"), secrets=(SECRET,)))
            outcome = await live.deliver(parcel())
            assert (type(outcome), [future for future in waiting if future.done()]) == (Delivered, [])
            for future in waiting:
                future.cancel()


async def test_a_name_that_does_not_resolve_is_said_so():
    async def lookup(host: str) -> list[str]:
        raise OSError("unknown")

    async with sink_to("http://nowhere.example/", lookup=lookup) as sink:
        assert await sink.deliver(parcel()) == Failed(error="the name nowhere.example does not resolve")


async def test_the_system_s_lookup_knows_loopback():
    assert "127.0.0.1" in await system_lookup("127.0.0.1")


async def test_the_system_s_lookup_says_oserror_for_what_is_no_name():
    with pytest.raises(OSError, match=r".+"):
        await system_lookup("a" * 300 + ".invalid")
