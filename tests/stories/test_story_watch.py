"""What is noticed over hours and days, with the real engine on a clock that leaps: silence, and the phone's absence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from recado.domain.liveness import ANSWER_WITHIN, SHORTEST, hour_of
from recado.domain.phones import sign_of
from recado.domain.sync import Heard
from recado.runtime import Runtime, running
from recado.services.life.liveness import Liveness
from recado.settings import read_settings
from recado.store import instances, phones, traffic
from tests.leapclock import LeapClock
from tests.stories.product import GUARD
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]

MINUTE, STEP, HOUR = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1)


@pytest.fixture
def clock() -> LeapClock:
    return LeapClock()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Heard]:
    """What a Recado that begins after this has heard from phones."""
    known: list[Heard] = []
    honest = Liveness.heard

    def heard(liveness: Liveness, one: Heard) -> None:
        honest(liveness, one)
        if sign_of(one) is not None:
            known.append(one)

    monkeypatch.setattr(Liveness, "heard", heard)
    return known


@pytest.fixture
async def runtime(tmp_path, network, database_url: str, clock: LeapClock) -> AsyncIterator[Runtime]:
    settings = read_settings(
        database_url=database_url,
        data_dir=tmp_path / "data",
        port=0,
        engine_network=network.url,
        engine_root_key=network.root_key,
    )
    async with running(settings, clock=clock) as runtime:
        yield runtime


async def paired(runtime: Runtime, phone) -> Any:
    """An instance that this phone has been linked to, connected."""
    made = await runtime.services.instances.create("loja")
    await until(lambda: _is(runtime, made, "awaiting_scan"), guard=GUARD)
    await phone.scan((await runtime.services.instances.pairing(made)).code)
    await until(lambda: _is(runtime, made, "connected"), guard=GUARD)
    return made


async def row(runtime: Runtime, made) -> Any:
    async with runtime.database.transaction() as tx:
        return await instances.get(tx, made.id)


async def _is(runtime: Runtime, made, state: str, reason: str | None = None) -> bool:
    now = await row(runtime, made)
    return (now.state, now.reason) == (state, reason)


async def timeline(runtime: Runtime, made, language: str) -> Any:
    return (await runtime.services.instances.timeline(made, language=language, after=None, limit=100)).items


async def codes(runtime: Runtime, made) -> list[str]:
    return [entry.code for entry in await timeline(runtime, made, "en")]


async def busy(runtime: Runtime, made, clock: LeapClock) -> None:
    """Two weeks are remembered in which somebody wrote every minute."""
    hours = [hour_of(clock.now()) - n * HOUR for n in range(-2, 15 * 24)]
    async with runtime.database.transaction() as tx:
        await traffic.add(tx, {(made.id, hour): 60 for hour in hours})


@pytest.fixture
def asked(phone, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of what the phone is asked by its device."""
    ids: list[str] = []
    monkeypatch.setattr(phone, "take_peer", lambda sender, id, message: ids.append(id))
    return ids


async def test_a_connection_that_brings_nothing_is_noticed_and_made_anew_and_then_it_comes(
    runtime, network, phone, maria, clock, asked
):
    made = await paired(runtime, phone)
    await busy(runtime, made, clock)
    asked.clear()
    network.faults.deaf(phone)
    wa_id = await maria.send_text(phone, "Is anybody there?")

    clock.leap(SHORTEST + STEP)
    await until(lambda: asked, guard=GUARD)
    assert "nothing_heard" not in await codes(runtime, made)
    clock.leap(ANSWER_WITHIN + MINUTE)

    await network.ledger.wait(lambda ledger: ledger.row(phone, wa_id).confirmed_at, timeout=GUARD)
    await until(lambda: _is(runtime, made, "connected"), guard=GUARD)
    [english] = [one for one in await timeline(runtime, made, "en") if one.code == "nothing_heard"]
    [portuguese] = [one for one in await timeline(runtime, made, "pt") if one.code == "nothing_heard"]
    assert english.sentence.startswith("WhatsApp answers, but nothing has come for 4")
    assert portuguese.sentence.startswith("O WhatsApp responde, mas nada chegou em 4")


async def test_a_phone_that_answers_settles_it_and_is_noted_as_seen(answers, runtime, phone, clock, asked):
    made = await paired(runtime, phone)
    await busy(runtime, made, clock)
    linked_at = await seen_at(runtime, made, clock)
    asked.clear()
    answers.clear()

    clock.leap(SHORTEST + STEP)
    await until(lambda: asked, guard=GUARD)
    await until(lambda: answers, guard=GUARD)  # before the hours in which one is missed

    await until(lambda: _was_seen_after(runtime, made, linked_at, clock), guard=GUARD)
    assert "nothing_heard" not in await codes(runtime, made)


async def seen_at(runtime: Runtime, made, clock: LeapClock) -> datetime:
    async with runtime.database.transaction() as tx:
        [kept] = await phones.of(tx, [made.id], clock.now())
    return kept.seen_at


async def _was_seen_after(runtime: Runtime, made, moment: datetime, clock: LeapClock) -> bool:
    """A sign is written down within the hour; its time is the network's."""
    clock.leap(HOUR)
    return await seen_at(runtime, made, clock) > moment
