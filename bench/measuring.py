"""The order of the day: worlds are built, then every scenario is run for every subject, taking turns."""

from __future__ import annotations

from collections.abc import Sequence

from .deliver import deliver
from .past import hand_over
from .plan import Plan
from .readings import Reading, figure
from .results import Results
from .scenarios import crowd, receive, send, steady
from .search import search
from .stage import Stage
from .subjects import CeilingSubject, ProductSubject, Subject
from .weight import weigh
from .worlds import Builder, World

Subjects = Sequence[Subject]


async def measure(stage: Stage, plan: Plan, wanted: frozenset[str]) -> Results:
    """Run what is `wanted` of `receive`, `send`, `steady`, `history`, `crowd`, `thousand`, `search`,
    `weight`, `deliver`.
    """
    bare, committed, delivered = CeilingSubject(), ProductSubject(has_webhook=False), ProductSubject(has_webhook=True)
    results = Results(plan=plan)
    if "search" in wanted:
        stage.tell(f"search in {plan.searched:,} messages")
        results.searched = await search(stage.postgres, plan.searched, repeats=plan.searches, writes=plan.written)
    if "deliver" in wanted:
        results.delivered = await deliver(stage, plan.delivered, plan.backlog, repeats=plan.repeats)
    if "weight" in wanted:
        stage.tell(f"the same calls beside {plan.searched:,} messages")
        results.weight = await weigh(stage.postgres, plan.searched, repeats=plan.searches, writes=plan.written)
    if wanted <= {"search", "weight", "deliver"}:
        return results
    builder = Builder(postgres=stage.postgres, directory=stage.directory, hook=stage.receiver.url, tell=stage.tell)
    sizes = [1, plan.sessions, *(plan.many if "crowd" in wanted else ())]
    sizes += [plan.thousand] if "thousand" in wanted else []
    worlds = await builder.build(sorted(set(sizes)))
    one, all_ = worlds[1], worlds[plan.sessions]
    if "receive" in wanted:
        for world, count in ((one, plan.received_one), (all_, plan.received_all)):
            await _receive(stage, builder, results, [bare, committed, delivered], world, count)
    for world in (one, all_):
        await builder.contacts(world, plan.chats)
    if "send" in wanted:
        for world, count in ((one, plan.sent_one), (all_, plan.sent_all)):
            await _send(stage, results, [bare, committed], world, count)
    if "steady" in wanted:
        for subject in (bare, delivered):
            stage.tell(f"{subject.name}: a steady trickle")
            results.steady[subject.name] = await steady(
                stage, subject, all_, plan.steady_seconds, chats=plan.known_chats
            )
    if "history" in wanted:
        results.past = past = await hand_over(stage, committed, one, plan.past)
        stage.tell(f"{committed.name}: history, {past.rate:.0f} messages/s")
    if "crowd" in wanted:
        for subject in (bare, delivered):
            for size in plan.many:
                stage.tell(f"{subject.name}: {size} sessions, everything started again")
                results.crowds[subject.name, size] = await crowd(stage, subject, worlds[size])
    if "thousand" in wanted:
        stage.tell(f"{delivered.name}: {plan.thousand} sessions, everything started again")
        results.thousand = await crowd(stage, delivered, worlds[plan.thousand])
    return results


async def _receive(
    stage: Stage, builder: Builder, results: Results, subjects: Subjects, world: World, count: int
) -> None:
    plan, sessions = results.plan, len(world.sessions)
    queued = await builder.queue(world, count, plan.chats)
    readings: dict[str, list[Reading]] = {subject.name: [] for subject in subjects}
    for turn in range(plan.repeats):
        for subject in subjects:
            one = await receive(stage, subject, world, queued, count)
            readings[subject.name].append(one)
            stage.tell(f"{subject.name}: received {count}, {sessions} sessions, {turn + 1}: {_said(one)}")
    results.received |= {(name, sessions): figure(several) for name, several in readings.items()}


async def _send(stage: Stage, results: Results, subjects: Subjects, world: World, count: int) -> None:
    plan, sessions = results.plan, len(world.sessions)
    chats = plan.chats if sessions == 1 else plan.known_chats
    for subject in subjects:
        one = await send(stage, subject, world, count, chats=chats, at_once=plan.at_once)
        stage.tell(f"{subject.name}: sent {count}, {sessions} sessions: {_said(one)}")
        results.sent[subject.name, sessions] = figure([one])


def _said(one: Reading) -> str:
    return f"{one.rate:.0f}/s" + ("" if one.counts else f" (not counted: simulator {100 * one.share:.0f} %)")
