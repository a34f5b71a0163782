"""What the adapter makes of frames, without a host: bad ones hurt nobody, late ones change nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from recado.clock import SystemClock, uptime
from recado.domain.engine import EngineError, Incoming, Notice
from recado.engines import whatsmeow_answers as answers
from recado.engines.host import HostProgram, Pace
from recado.engines.loss import Loss
from recado.engines.rpc import PeerGone, RpcError
from recado.engines.whatsmeow import Whatsmeow, _Hold
from tests.engines.notebook import Notebook

SOON = timedelta(seconds=1)


@pytest.fixture
async def engine(tmp_path: Path) -> Whatsmeow:
    program = HostProgram(engine="whatsmeow", arguments=("none",), environment={}, exchange=tmp_path)
    engine = Whatsmeow(program, SystemClock())
    engine._listener = engine.notebook = Notebook()
    return engine


def event(type: str = "notice", data: object = None, **more) -> dict:
    return {"session": "s1", "fence": 1, "type": type, "data": data, **more}


@pytest.mark.parametrize("data", [None, [], 5, "text", {}, {"name": 5}, {"value": {"a": "\ud800"}}])
@pytest.mark.parametrize("type", ["message", "receipt", "undecryptable", "notice", "from_the_future", ""])
async def test_an_event_of_any_form_is_kept(engine, type, data):
    assert await engine.request("event", event(type, data)) == {}
    [heard] = engine.notebook.heard
    assert heard.session == "s1"
    assert isinstance(heard, Incoming) or type != "message"


async def test_an_event_of_a_type_that_is_not_known_is_a_notice(engine):
    await engine.request("event", event("from_the_future", {"a": 1}))
    assert isinstance(engine.notebook.heard[0], Notice)


async def test_an_event_that_is_not_stored_is_answered_with_an_error(engine):
    engine.notebook.refuse("s1")
    with pytest.raises(RpcError, match="the database is away") as caught:
        await engine.request("event", event())
    assert caught.value.data == {"kind": "not_stored", "retry": True}


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", ".x", "missing", "a/b"])
async def test_a_file_that_is_none_of_the_exchange_directory_is_refused(engine, name):
    with pytest.raises(RpcError):
        await engine.request("event", event(file=name))
    assert engine.notebook.heard == []


async def test_an_event_file_is_removed_after_the_commit_and_not_before(engine, tmp_path):
    (tmp_path / "event-1").write_text('{"name": "X"}')
    engine.notebook.refuse("s1")
    with pytest.raises(RpcError):
        await engine.request("event", event(file="event-1"))
    assert (tmp_path / "event-1").exists()
    engine.notebook.accept("s1")
    await engine.request("event", event(file="event-1"))
    assert not (tmp_path / "event-1").exists()


async def test_a_request_that_is_no_event_is_unknown(engine):
    with pytest.raises(RpcError) as caught:
        await engine.request("other", {})
    assert caught.value.code == -32601


async def test_a_signal_is_passed_on_with_its_fields(engine):
    engine.notification(
        "signal", {"session": "s1", "fence": 3, "type": "replaced", "at": 1_800_000_000_000, "data": {"a": 1}}
    )
    [signal] = engine.notebook.signals
    assert (signal.session, signal.fence, signal.type, signal.data) == ("s1", 3, "replaced", {"a": 1})
    assert signal.at.isoformat() == "2027-01-15T08:00:00+00:00"


async def test_a_lease_that_is_told_lost_is_not_renewed_any_more(engine):
    engine._held["s1"] = held = _Hold(1)
    engine._held["s2"] = held
    assert engine.leases() == {"s1": 1, "s2": 1}
    engine.renewed({"renewed": ["s2"], "stale": ["s1"], "unknown": []})
    assert engine.leases() == {"s2": 1}


async def test_a_session_is_renewed_only_while_it_would_end_before_its_lease(engine):
    engine._held["s1"] = engine._held["s2"] = engine._held["s3"] = _Hold(1)
    engine.lease("s1", 1, uptime() + 60)
    engine.lease("s2", 1, uptime() + Pace().lease.total_seconds() - 0.1)
    assert engine.leases() == {"s1": 1, "s3": 1}


async def test_a_session_whose_lease_is_nearly_over_is_not_opened(engine):
    engine.lease("s1", 2, uptime() + Pace().lease.total_seconds() - 0.1)
    assert await engine.start("s1", 2) is None
    assert [(said.type, said.data["kind"]) for said in engine.notebook.signals] == [("connect_failed", "lease_over")]


async def test_late_news_of_an_older_opening_does_not_end_the_newer_one(engine):
    engine._held["s1"] = _Hold(1)
    engine.leases()
    engine._held["s1"] = _Hold(1)
    engine.renewed({"stale": [], "unknown": ["s1"]})
    assert engine.leases() == {"s1": 1}


async def test_a_session_that_the_host_closed_is_not_renewed_any_more(engine):
    engine._held["s1"] = _Hold(1)
    engine.notification("signal", {"session": "s1", "fence": 1, "type": "closed", "at": 1, "data": {}})
    assert engine.leases() == {}


async def test_a_host_that_is_gone_takes_every_lease_and_is_said(engine):
    engine._held["s1"] = _Hold(1)
    engine.went(Loss(reason="it died", cause="ended"))
    assert (engine.leases(), engine.notebook.types()) == ({}, ["host_down"])


async def test_a_host_that_falls_names_who_may_have_brought_it_down(engine, monkeypatch):
    async def call(*_) -> object:
        return {"device": None}

    monkeypatch.setattr(engine.host, "call", call)
    await engine.start("s2", 1)
    engine.went(Loss(reason="it died", cause="crash", in_hand=frozenset({"s1"})))
    [said] = [said for said in engine.notebook.signals if said.type == "host_down"]
    assert (said.data["cause"], said.data["suspects"]) == ("crash", ["s1", "s2"])


async def test_without_a_host_a_start_is_a_signal_and_a_send_an_error(engine):
    assert await engine.start("s1", 1) is None
    assert engine.notebook.types("s1") == ["connect_failed"]
    with pytest.raises(EngineError) as caught:
        await engine.sessions()
    assert (caught.value.kind, caught.value.may_retry) == ("host_down", True)


@pytest.mark.parametrize("was_written", [True, False])
async def test_a_send_is_uncertain_exactly_when_the_host_had_it(engine, was_written, monkeypatch):
    async def call(*_) -> None:
        raise PeerGone("it died", was_written=was_written)

    monkeypatch.setattr(engine.host, "call", call)
    with pytest.raises(EngineError) as caught:
        await engine.ask("send", {}, SOON, answers.sent)
    assert (caught.value.kind, caught.value.is_uncertain) == ("host_down", was_written)


@pytest.mark.parametrize("answer", [None, {}, [], {"id": "x"}, {"id": "x", "sent_at": "soon", "to": "y"}, "text"])
async def test_an_odd_answer_is_an_error_of_the_engine(engine, answer, monkeypatch):
    async def call(*_) -> object:
        return answer

    monkeypatch.setattr(engine.host, "call", call)
    with pytest.raises(EngineError) as caught:
        await engine.ask("send", {}, SOON, answers.sent)
    assert (caught.value.kind, caught.value.is_uncertain) == ("internal", True)


@pytest.mark.parametrize(
    ("code", "data", "kind", "may_retry", "is_uncertain"),
    [
        (-32001, {}, "unknown_session", False, False),
        (-32002, {"kind": "stale_fence", "fence": 9}, "stale_fence", False, False),
        (-32003, {"kind": "not_connected", "retry": True}, "not_connected", True, False),
        (-32004, {"kind": "already_paired"}, "already_paired", False, False),
        (-32005, {"kind": "timeout", "retry": True}, "timeout", True, True),
        (-32006, {"kind": "server", "server_code": 463}, "server", False, False),
        (-32007, {"kind": "invalid_message"}, "invalid_message", False, False),
        (-32008, {"kind": "storage", "retry": True}, "storage", True, True),
        (-32009, {"kind": "file"}, "file", False, False),
        (-32010, {"kind": "not_on_whatsapp"}, "not_on_whatsapp", False, False),
        (-32603, {"kind": "internal"}, "internal", False, True),
        (-32999, {}, "internal", False, True),
    ],
)
def test_each_error_of_the_protocol_is_one_of_the_seam(code, data, kind, may_retry, is_uncertain):
    error = answers.engine_error(RpcError(code, "no", data), is_send=True)
    assert (error.kind, error.may_retry, error.is_uncertain) == (kind, may_retry, is_uncertain)
    assert error.server_code == data.get("server_code")
