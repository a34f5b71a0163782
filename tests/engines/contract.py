"""What every engine has to keep, whatever is behind it: one suite, inherited by the tests of each engine."""

from __future__ import annotations

import pytest

from recado.clock import SystemClock
from recado.domain.engine import EngineError, Outgoing
from tests.engines.harness import EngineHarness, link
from tests.waiting import until


def text_to(phone: str, text: str, wa_id: str | None = None) -> Outgoing:
    wa_id = wa_id or SystemClock().new_wa_id()
    return Outgoing(wa_id=wa_id, to=f"{phone}@s.whatsapp.net", content={"conversation": text})


async def introduced(harness: EngineHarness) -> None:
    """Linked, and somebody has written before: no news of their name comes ahead of the next message."""
    await link(harness, "s1")
    wa_id = await harness.write("s1", "hello")
    await until(lambda: harness.is_confirmed("s1", wa_id))
    await harness.news_of_names("s1")


class EngineContract:
    """A subclass provides the fixture `harness`."""

    async def test_a_session_without_a_device_is_open_and_quiet(self, harness: EngineHarness):
        assert await harness.engine.start("s1", 1) is None
        [snapshot] = await harness.engine.sessions()
        assert (snapshot.session, snapshot.fence, snapshot.state, snapshot.device) == ("s1", 1, "idle", None)

    async def test_a_phone_that_scans_pairs_then_a_restart_connects(self, harness: EngineHarness):
        device = await link(harness, "s1")
        number = harness.phone_of("s1")
        paired = await harness.listener.signalled("paired", "s1")
        connected = await harness.listener.signalled("connected", "s1")
        assert device.jid.partition(":")[0] == number
        assert (paired.data["jid"], connected.data["jid"], paired.fence) == (device.jid, device.jid, 1)

    async def test_a_typed_code_pairs_too(self, harness: EngineHarness):
        await harness.engine.start("s1", 1)
        code, ends_at = await harness.engine.pair_phone("s1", 1, harness.phone_of("s1"))
        assert ends_at > SystemClock().now()
        await harness.enter_code("s1", code)
        await harness.listener.signalled("restart_asked", "s1")
        await harness.engine.start("s1", 1)
        await harness.listener.signalled("connected", "s1")

    async def test_a_paired_session_is_not_paired_again(self, harness: EngineHarness):
        await link(harness, "s1")
        with pytest.raises(EngineError) as caught:
            await harness.engine.pair_qr("s1", 1)
        assert caught.value.kind == "already_paired"

    async def test_pairing_a_session_that_is_not_open_is_refused(self, harness: EngineHarness):
        with pytest.raises(EngineError) as caught:
            await harness.engine.pair_qr("s1", 1)
        assert caught.value.kind == "unknown_session"

    async def test_a_message_is_confirmed_only_after_it_is_stored(self, harness: EngineHarness):
        await introduced(harness)
        harness.listener.hold("s1")
        wa_id = await harness.write("s1", "Olá!")
        await harness.listener.until(lambda: harness.listener.waiting)
        await harness.time_to_hear("s1", wa_id)
        assert not await harness.is_confirmed("s1", wa_id)
        harness.listener.release("s1")
        await until(lambda: harness.is_confirmed("s1", wa_id))
        assert harness.listener.texts("s1") == ["hello", "Olá!"]

    async def test_a_message_that_was_not_stored_comes_again_after_the_next_connect(self, harness: EngineHarness):
        await link(harness, "s1")
        harness.listener.refuse("s1")
        harness.listener.hold("s1")
        wa_id = await harness.write("s1", "Olá!")
        await harness.listener.until(lambda: harness.listener.waiting)
        harness.listener.release("s1")
        await harness.cut("s1")
        await harness.listener.signalled("disconnected", "s1", count=self.disconnects(harness) or 1)
        harness.listener.accept("s1")
        await harness.engine.start("s1", 1)
        await harness.listener.until(lambda: harness.listener.texts("s1") == ["Olá!"])
        await until(lambda: harness.is_confirmed("s1", wa_id))

    async def test_a_message_that_was_not_stored_is_not_confirmed(self, harness: EngineHarness):
        await introduced(harness)
        harness.listener.refuse("s1")
        wa_id = await harness.write("s1", "refused")
        await harness.listener.until(lambda: harness.listener.refusals)
        await harness.time_to_hear("s1", wa_id)
        assert not await harness.is_confirmed("s1", wa_id)

    async def test_messages_of_a_session_come_in_order(self, harness: EngineHarness):
        await link(harness, "s1")
        texts = [f"número {n}" for n in range(20)]
        for text in texts:
            await harness.write("s1", text)
        await harness.listener.until(lambda: len(harness.listener.texts("s1")) == 20)
        assert harness.listener.texts("s1") == texts

    async def test_a_session_that_waits_holds_up_no_other(self, harness: EngineHarness):
        await link(harness, "s1")
        await link(harness, "s2")
        harness.listener.hold("s1")
        await harness.write("s1", "waits")
        await harness.listener.until(lambda: harness.listener.waiting)
        await harness.write("s2", "goes on")
        await harness.listener.until(lambda: harness.listener.texts("s2") == ["goes on"])
        assert harness.listener.texts("s1") == []
        harness.listener.release("s1")

    async def test_a_probe_answers_while_events_wait_and_says_how_many(self, harness: EngineHarness):
        await introduced(harness)
        harness.listener.hold("s1")
        await harness.write("s1", "waits")
        await harness.listener.until(lambda: harness.listener.waiting)
        probe = await harness.engine.probe("s1", 1, 10_000)
        assert probe.round_trip_ms >= 0
        assert probe.unanswered == 1
        harness.listener.release("s1")

    async def test_a_message_is_sent_under_our_own_id(self, harness: EngineHarness):
        await link(harness, "s1")
        outgoing = text_to(harness.somebody(), "Oi, 👋")
        sent = await harness.engine.send("s1", 1, outgoing)
        assert sent.wa_id == outgoing.wa_id
        await until(lambda: harness.arrived("s1"))
        [arrived] = await harness.arrived("s1")
        assert (arrived.wa_id, arrived.text) == (outgoing.wa_id, "Oi, 👋")

    async def test_a_message_sent_twice_under_one_id_arrives_once(self, harness: EngineHarness):
        await link(harness, "s1")
        outgoing = text_to(harness.somebody(), "Oi")
        await harness.engine.send("s1", 1, outgoing)
        await harness.engine.send("s1", 1, outgoing)
        await until(lambda: harness.arrived("s1"))
        assert len(await harness.arrived("s1")) == 1

    async def test_a_refusal_by_the_network_carries_its_code(self, harness: EngineHarness):
        await link(harness, "s1")
        await harness.refuse_next_send("s1", 463)
        with pytest.raises(EngineError) as caught:
            await harness.engine.send("s1", 1, text_to(harness.somebody(), "Oi"))
        assert (caught.value.kind, caught.value.server_code, caught.value.may_retry) == ("server", 463, False)

    async def test_without_a_connection_nothing_is_sent(self, harness: EngineHarness):
        await link(harness, "s1")
        before = self.disconnects(harness)
        await harness.cut("s1")
        await harness.listener.signalled("disconnected", "s1", count=before + 1)
        with pytest.raises(EngineError) as caught:
            await harness.engine.send("s1", 1, text_to(harness.somebody(), "Oi"))
        assert (caught.value.kind, caught.value.may_retry, caught.value.is_uncertain) == ("not_connected", True, False)
        assert await harness.arrived("s1") == []

    async def test_without_a_device_nothing_is_sent(self, harness: EngineHarness):
        await harness.engine.start("s1", 1)
        with pytest.raises(EngineError) as caught:
            await harness.engine.send("s1", 1, text_to(harness.somebody(), "Oi"))
        assert (caught.value.kind, caught.value.is_uncertain) == ("not_paired", False)

    async def test_numbers_are_resolved_in_the_order_asked(self, harness: EngineHarness):
        await link(harness, "s1")
        nobody, somebody = f"+{harness.nobody()}", f"+{harness.somebody()}"
        answers = await harness.engine.resolve("s1", 1, [nobody, somebody])
        assert [(answer.query, answer.is_registered) for answer in answers] == [(nobody, False), (somebody, True)]
        assert answers[1].jid == f"{harness.somebody()}@s.whatsapp.net"

    @pytest.mark.parametrize("method", ["pair_qr", "logout", "send", "probe", "resolve"])
    async def test_a_call_under_an_older_fence_is_refused(self, harness: EngineHarness, method: str):
        engine = harness.engine
        await engine.start("s1", 2)
        calls = {
            "pair_qr": lambda: engine.pair_qr("s1", 1),
            "logout": lambda: engine.logout("s1", 1),
            "send": lambda: engine.send("s1", 1, text_to(harness.somebody(), "Oi")),
            "probe": lambda: engine.probe("s1", 1, 1000),
            "resolve": lambda: engine.resolve("s1", 1, [f"+{harness.somebody()}"]),
        }
        with pytest.raises(EngineError) as caught:
            await calls[method]()
        assert caught.value.kind == "stale_fence"

    async def test_a_stop_or_start_under_an_older_fence_changes_nothing(self, harness: EngineHarness):
        await harness.engine.start("s1", 2)
        await harness.engine.stop("s1", 1)
        assert await harness.engine.start("s1", 1) is None
        await harness.listener.signalled("connect_failed", "s1")
        assert [(one.session, one.fence) for one in await harness.engine.sessions()] == [("s1", 2)]

    async def test_a_start_under_a_newer_fence_keeps_the_connection(self, harness: EngineHarness):
        await link(harness, "s1", fence=1)
        assert await harness.engine.start("s1", 2) is not None
        await harness.engine.probe("s1", 2, 10_000)
        assert harness.listener.types("s1").count("connected") == 1

    async def test_a_stopped_session_says_nothing_more_and_keeps_its_device(self, harness: EngineHarness):
        device = await link(harness, "s1")
        await harness.engine.stop("s1", 1)
        said = len(harness.listener.signals)
        await harness.write("s1", "comes later")
        assert await harness.engine.sessions() == []
        assert await harness.engine.start("s1", 2) == device
        await harness.listener.until(lambda: harness.listener.texts("s1") == ["comes later"])
        assert "connected" in [signal.type for signal in harness.listener.signals[said:]]

    async def test_a_cut_is_said_and_a_start_connects_again(self, harness: EngineHarness):
        await link(harness, "s1")
        before = self.disconnects(harness)
        await harness.cut("s1")
        await harness.listener.signalled("disconnected", "s1", count=before + 1)
        await harness.engine.start("s1", 1)
        await harness.listener.signalled("connected", "s1", count=2)

    async def test_nobody_connects_again_by_itself(self, harness: EngineHarness):
        await link(harness, "s1")
        before = self.disconnects(harness)
        await harness.cut("s1")
        await harness.listener.signalled("disconnected", "s1", count=before + 1)
        assert [one.state for one in await harness.engine.sessions()] == ["disconnected"]

    async def test_an_unlinked_device_is_said_and_its_credentials_are_gone(self, harness: EngineHarness):
        await link(harness, "s1")
        await harness.unlink("s1")
        await harness.listener.signalled("logged_out", "s1")
        assert await harness.engine.start("s1", 1) is None

    async def test_a_logout_unlinks_and_forgets(self, harness: EngineHarness):
        await link(harness, "s1")
        await harness.engine.logout("s1", 1)
        assert await harness.engine.start("s1", 2) is None

    async def test_a_logout_without_a_connection_is_refused_and_keeps_the_device(self, harness: EngineHarness):
        device = await link(harness, "s1")
        before = self.disconnects(harness)
        await harness.cut("s1")
        await harness.listener.signalled("disconnected", "s1", count=before + 1)
        with pytest.raises(EngineError) as caught:
            await harness.engine.logout("s1", 1)
        assert caught.value.kind == "not_connected"
        assert await harness.engine.start("s1", 1) == device

    async def test_a_forgotten_device_is_gone_here(self, harness: EngineHarness):
        await link(harness, "s1")
        await harness.engine.forget("s1", 1)
        assert await harness.engine.start("s1", 2) is None

    async def test_a_crash_is_said_and_sessions_can_be_started_again(self, harness: EngineHarness):
        await link(harness, "s1")
        await harness.crash()
        await harness.listener.signalled("host_down")
        await harness.listener.signalled("host_up", count=2)
        assert await harness.engine.sessions() == []
        assert await harness.engine.start("s1", 2) is not None
        await harness.listener.signalled("connected", "s1", count=2)

    async def test_the_snapshot_says_what_is_so(self, harness: EngineHarness):
        device = await link(harness, "s1", fence=7)
        await harness.engine.start("s2", 8)
        snapshots = {one.session: one for one in await harness.engine.sessions()}
        assert {name: (one.fence, one.state) for name, one in snapshots.items()} == {
            "s1": (7, "connected"),
            "s2": (8, "idle"),
        }
        assert snapshots["s1"].device is not None
        assert snapshots["s1"].device.jid == device.jid

    @staticmethod
    def disconnects(harness: EngineHarness) -> int:
        """How often the session has said `disconnected` so far; the routine restart may have said one."""
        return harness.listener.types("s1").count("disconnected")
