"""One step of an instance as it will be written: its row, its place in the timeline, its events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from recado.clock import Clock
from recado.domain.events import INSTANCE_QR, INSTANCE_STATE, NewEvent, rfc3339
from recado.domain.instances import Instance, Linked, Pairing
from recado.domain.states import ONLINE, Observed, Transition
from recado.domain.texts import storable_json
from recado.store import timeline
from recado.store.observations import Observation
from recado.store.sessions import Ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Its ids are drawn once, so that writing it twice is one thing. `answer` gets the new row.

    `pairing` is the code that the step shows.
    """

    observation: Observation
    step: Transition
    timeline: timeline.Step | None
    events: list[NewEvent]
    ready: Ready | None
    pairing: Pairing | None
    answer: asyncio.Future[Instance] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


def entry_of(
    instance: Instance, fence: int, step: Transition, linked: Linked, pairing: Pairing | None, clock: Clock
) -> Entry:
    linked = Linked(**storable_json({name: getattr(linked, name) for name in Linked.__dataclass_fields__}))
    is_ready = step.after.state in ONLINE and step.before.state not in ONLINE
    return Entry(
        observation=Observation(
            id=instance.id, fence=fence, observed=step.after, linked=linked, unlinks=step.credentials_gone
        ),
        step=step,
        timeline=_timeline_step(instance, step, clock),
        events=_events(instance, step, linked, clock) + code_events(instance, pairing, clock),
        ready=Ready(id=instance.id, linked=_known(instance, linked), at=clock.now()) if is_ready else None,
        pairing=pairing,
    )


def code_events(instance: Instance, pairing: Pairing | None, clock: Clock) -> list[NewEvent]:
    """A QR is told; a code to type is the answer to whoever asked for it."""
    if pairing is None or pairing.method != "qr":
        return []
    data = {"qr": pairing.code, "expires_at": rfc3339(pairing.expires_at)}
    return [event_of(INSTANCE_QR, instance, data, clock)]


def event_of(type: str, instance: Instance, data: dict[str, Any], clock: Clock) -> NewEvent:
    """An event of this instance, now."""
    return NewEvent(
        id=clock.new_id(),
        type=type,
        time=clock.now(),
        instance_id=instance.id,
        instance_name=instance.instance_name,
        data=data,
    )


def _known(instance: Instance, linked: Linked) -> Linked:
    """What is said now, and what was known before."""
    names = Linked.__dataclass_fields__
    return Linked(**{name: getattr(linked, name) or getattr(instance, name) for name in names})


def _timeline_step(instance: Instance, step: Transition, clock: Clock) -> timeline.Step | None:
    if step.code is None:
        return None
    return timeline.Step(
        id=clock.new_id(),
        instance_id=instance.id,
        at=clock.now(),
        code=step.code,
        state=step.after.state,
        params=storable_json(step.params),
    )


def _events(instance: Instance, step: Transition, linked: Linked, clock: Clock) -> list[NewEvent]:
    events = []
    if step.is_told:
        phone = None if step.credentials_gone else linked.phone_number or instance.phone_number
        events.append(event_of(INSTANCE_STATE, instance, _state_of(step.after, phone), clock))
    if _shows_qr(step.before) and not _shows_qr(step.after):
        events.append(event_of(INSTANCE_QR, instance, {"qr": None, "expires_at": None}, clock))
    return events


def _shows_qr(observed: Observed) -> bool:
    return observed.state == "awaiting_scan" and observed.user_action == "scan_qr"


def _state_of(observed: Observed, phone: str | None) -> dict[str, Any]:
    return {
        "state": observed.state,
        "status": observed.status,
        "reason": observed.reason,
        "user_action": observed.user_action,
        "phone_number": phone,
        "attempt": observed.attempt,
        "next_at": rfc3339(observed.next_at) if observed.next_at else None,
    }
