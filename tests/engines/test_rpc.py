"""A JSON-RPC peer, talked to by bytes."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import orjson
import pytest

from recado.engines.rpc import FRAME_BYTES, FrameTooLarge, Peer, PeerGone, RpcError

SOON = timedelta(seconds=20)


class Clerk:
    """A desk that keeps what it was asked and answers with it; `answers` overrides by method."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}

    async def request(self, method: str, params: dict[str, Any]) -> Any:
        self.asked.append((method, params))
        answer = self.answers.get(method, params)
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            return {}
        if isinstance(answer, Exception):
            raise answer
        return answer

    def notification(self, method: str, params: dict[str, Any]) -> None:
        self.told.append((method, params))
        if method == "explode":
            raise RuntimeError("a desk that breaks")


class Wire:
    """The other side, in the test's hand."""

    def __init__(self, **limits: int) -> None:
        self.written: list[dict[str, Any]] = []
        self.writes = 0
        self.changed = asyncio.Event()
        self.clerk = Clerk()
        self.peer = Peer(self.clerk, self._write, **limits)

    def _write(self, data: bytes) -> None:
        self.writes += 1
        self.written += [orjson.loads(line) for line in data.splitlines()]
        self.changed.set()

    def says(self, *messages: Any) -> None:
        self.peer.feed(b"".join(m if isinstance(m, bytes) else orjson.dumps(m) + b"\n" for m in messages))

    async def said(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(20):
            while len(self.written) < count:
                self.changed.clear()
                await self.changed.wait()
        return self.written


@contextlib.asynccontextmanager
async def connected(**limits: int):
    wire = Wire(**limits)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(wire.peer.run())
        await asyncio.sleep(0)
        yield wire
        running.cancel()


def request(n: Any, method: str = "event", **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": n, "method": method, "params": params}


async def test_a_request_is_answered_with_its_id():
    async with connected() as wire:
        wire.says(request(7, type="message"))
        assert await wire.said(1) == [{"jsonrpc": "2.0", "id": 7, "result": {"type": "message"}}]


async def test_a_call_gets_its_result_whatever_the_order_of_the_answers():
    async with connected() as wire:
        calls = [asyncio.ensure_future(wire.peer.call("probe", {"n": n}, SOON)) for n in range(3)]
        asked = await wire.said(3)
        wire.says(*({"id": one["id"], "result": one["params"]["n"]} for one in reversed(asked)))
        assert await asyncio.gather(*calls) == [0, 1, 2]


async def test_an_error_answer_is_raised_with_its_data():
    async with connected() as wire:
        call = asyncio.ensure_future(wire.peer.call("send", {}, SOON))
        [asked] = await wire.said(1)
        wire.says({"id": asked["id"], "error": {"code": -32006, "message": "no", "data": {"server_code": 463}}})
        with pytest.raises(RpcError) as caught:
            await call
        assert (caught.value.code, caught.value.message, caught.value.data) == (-32006, "no", {"server_code": 463})


@pytest.mark.parametrize("error", [None, 3, "text", [], {}, {"code": "x", "message": 5, "data": []}])
async def test_an_error_of_no_form_is_still_an_error(error):
    async with connected() as wire:
        call = asyncio.ensure_future(wire.peer.call("send", {}, SOON))
        [asked] = await wire.said(1)
        wire.says({"id": asked["id"], "error": error})
        with pytest.raises(RpcError):
            await call


async def test_a_handler_that_breaks_answers_internal_and_the_next_request_is_served():
    async with connected() as wire:
        wire.clerk.answers["bad"] = ValueError("broken")
        wire.says(request(1, "bad"), request(2))
        first, second = await wire.said(2)
        assert (first["error"]["code"], second["result"]) == (-32603, {})


async def test_a_refusal_by_the_handler_is_passed_on():
    async with connected() as wire:
        wire.clerk.answers["bad"] = RpcError(-32000, "not stored", {"kind": "not_stored"})
        wire.says(request(1, "bad"))
        [answer] = await wire.said(1)
        assert answer["error"] == {"code": -32000, "message": "not stored", "data": {"kind": "not_stored"}}


@pytest.mark.parametrize(
    "nonsense",
    [b"panic: oh\n", b"[1,2]\n", b"{\n", b'"text"\n', b"\xff\xfe\n", b"null\n", b"[" * 100_000 + b"\n"],
    ids=["text", "batch", "half", "string", "binary", "null", "deep"],
)
async def test_nonsense_is_answered_as_an_error_and_the_next_line_is_served(nonsense):
    async with connected() as wire:
        wire.says(nonsense, request(1))
        first, second = await wire.said(2)
        assert (first["id"], first["error"]["code"], second["result"]) == (None, -32700, {})


@pytest.mark.parametrize("odd", [{"id": 1, "method": 5}, {"id": 1, "method": "a", "params": [1]}])
async def test_a_request_of_a_wrong_form_is_refused(odd):
    async with connected() as wire:
        wire.says(odd)
        [answer] = await wire.said(1)
        assert (answer["id"], answer["error"]["code"]) == (1, -32600)


@pytest.mark.parametrize("odd", [{"id": 99, "result": 1}, {"id": [1], "result": 1}, {"id": None}, {}, {"id": "x"}])
async def test_an_answer_to_nothing_is_ignored(odd):
    async with connected() as wire:
        wire.says(odd, request(1))
        assert [one["id"] for one in await wire.said(1)] == [1]


async def test_a_lone_surrogate_in_a_frame_is_read_and_can_be_refused():
    async with connected() as wire:
        wire.says(b'{"id":1,"method":"event","params":{"text":"\\ud800"}}\n', request(2))
        first, second = await wire.said(2)
        assert wire.clerk.asked[0][1] == {"text": "\ud800"}
        assert (first["error"]["code"], second["result"]) == (-32603, {})


async def test_an_id_that_cannot_be_said_back_harms_nobody():
    async with connected() as wire:
        wire.says(b'{"id":"\\ud800","method":"event","params":{}}\n', request(2))
        first, second = await wire.said(2)
        assert (first["id"], second["result"]) == (None, {})


async def test_bad_utf8_in_a_frame_is_read_with_replacement_characters():
    async with connected() as wire:
        wire.says(b'{"id":1,"method":"event","params":{"text":"a\xffb"}}\n')
        await wire.said(1)
        assert wire.clerk.asked[0][1] == {"text": "a\ufffdb"}


async def test_a_frame_of_exactly_the_limit_is_read_and_one_byte_more_is_nonsense():
    frame = orjson.dumps(request(1, text=""))
    whole = frame.replace(b'""', b'"' + b"x" * (FRAME_BYTES - 1 - len(frame)) + b'"')
    async with connected() as wire:
        wire.says(whole + b"\n", whole.replace(b"x", b"xxx", 1) + b"\n", request(2))
        first, second, third = await wire.said(3)
        assert len(whole) == FRAME_BYTES - 1
        assert {first["id"], third["id"], second["id"]} == {1, None, 2}


async def test_a_call_over_the_limit_writes_nothing():
    async with connected(frame_bytes=100) as wire:
        with pytest.raises(FrameTooLarge):
            await wire.peer.call("send", {"text": "x" * 100}, SOON)
        assert wire.written == []


async def test_a_call_without_an_answer_times_out_and_its_late_answer_is_ignored():
    async with connected() as wire:
        with pytest.raises(TimeoutError):
            await wire.peer.call("probe", {}, timedelta(0))
        [asked] = await wire.said(1)
        wire.says({"id": asked["id"], "result": 1}, request(1))
        assert len(await wire.said(2)) == 2


async def test_a_call_under_way_fails_when_the_other_side_goes_and_says_that_it_was_written():
    async with connected() as wire:
        call = asyncio.ensure_future(wire.peer.call("send", {}, SOON))
        await wire.said(1)
        wire.peer.hang_up("it died")
        with pytest.raises(PeerGone, match="it died") as caught:
            await call
        assert caught.value.was_written


async def test_a_call_after_the_end_fails_and_was_not_written():
    async with connected() as wire:
        wire.peer.hang_up("it died")
        with pytest.raises(PeerGone) as caught:
            await wire.peer.call("send", {}, SOON)
        assert not caught.value.was_written


async def test_notifications_are_taken_in_order_and_one_that_breaks_hurts_nobody():
    async with connected() as wire:
        wire.says(*({"method": name, "params": {}} for name in ("a", "explode", "b")))
        assert [method for method, _ in wire.clerk.told] == ["a", "explode", "b"]


async def test_requests_reach_the_desk_in_the_order_they_came():
    async with connected() as wire:
        wire.says(*(request(n, number=n) for n in range(100)))
        await wire.said(100)
        assert [params["number"] for _, params in wire.clerk.asked] == list(range(100))


async def test_answers_that_are_ready_together_are_written_together():
    async with connected() as wire:
        wire.says(*(request(n) for n in range(100)))
        await wire.said(100)
        assert wire.writes < 10


async def test_a_slow_request_delays_no_call_and_no_other_request():
    async with connected() as wire:
        wire.clerk.answers["slow"] = asyncio.Event()
        wire.says(request(1, "slow"), request(2))
        assert [one["id"] for one in await wire.said(1)] == [2]
        call = asyncio.ensure_future(wire.peer.call("probe", {}, SOON))
        asked = (await wire.said(2))[1]
        wire.says({"id": asked["id"], "result": "alive"})
        assert await call == "alive"


async def test_more_requests_than_the_limit_are_refused():
    async with connected(requests_limit=2) as wire:
        wire.clerk.answers["slow"] = asyncio.Event()
        wire.says(*(request(n, "slow") for n in range(3)))
        [answer] = await wire.said(1)
        assert (answer["id"], answer["error"]["code"]) == (2, -32000)


async def test_more_calls_than_the_limit_are_refused():
    async with connected(calls_limit=1) as wire:
        first = asyncio.ensure_future(wire.peer.call("a", {}, SOON))
        await wire.said(1)
        with pytest.raises(RpcError, match="under way"):
            await wire.peer.call("b", {}, SOON)
        first.cancel()


async def test_a_call_waits_while_the_pipe_is_full():
    async with connected() as wire:
        wire.peer.pause_writing()
        call = asyncio.ensure_future(wire.peer.call("a", {}, SOON))
        wire.says(request(1))
        assert [one["id"] for one in await wire.said(1)] == [1]
        assert len(wire.written) == 1
        wire.peer.resume_writing()
        await wire.said(2)
        call.cancel()


async def test_handlers_are_cancelled_when_the_conversation_ends():
    wire = Wire()
    wire.clerk.answers["slow"] = asyncio.Event()
    running = asyncio.ensure_future(wire.peer.run())
    await asyncio.sleep(0)
    wire.says(request(1, "slow"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert wire.written == []
