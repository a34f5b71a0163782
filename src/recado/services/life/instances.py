"""What people ask for: to create an instance, to have it run or stop, to pair, to see what is so and why."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from psycopg.errors import UniqueViolation

from recado.clock import Clock
from recado.domain.access import Access
from recado.domain.errors import Conflict, Invalid, NotFound
from recado.domain.events import INSTANCE_CREATED, INSTANCE_REMOVED, INSTANCE_UPDATED
from recado.domain.instances import Instance, Pairing, Past, Wanted
from recado.domain.page import Page
from recado.domain.states import LIVE, MOVED, STATE_ROWS, State, status_of
from recado.domain.timeline import TimelineEntry, language_of, told
from recado.services.bell import Bell
from recado.services.delivery import instance_urls
from recado.store import instances, leases, pairings, rings, sessions, timeline
from recado.store import log as event_log
from recado.store.database import Database
from recado.telemetry import EVENTS

from . import orders
from .entry import event_of
from .lifecycle import Lifecycle

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_PHONE: Final = re.compile(r"[1-9]\d{7,14}")
_NOT_DIGITS: Final = re.compile(r"[\s().-]+")
_BEFORE_A_CODE: Final = frozenset({"starting", "awaiting_scan", "reconnecting"})
_LOOKS: Final = 40
_LOOK_AGAIN: Final = timedelta(milliseconds=250)
_CHANGEABLE: Final = frozenset({"instance_name", "webhook_url", "owner_id"})


class Instances:
    """Wishes are written down and the worker is woken; what needs the live session is asked of it.

    `changes` is rung when a `webhook_url` was written, so that dispatch takes it up at once.
    """

    def __init__(
        self, database: Database, clock: Clock, bell: Bell, lifecycle: Lifecycle, changes: Bell | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._lifecycle = lifecycle
        self._changes = changes or Bell()

    async def create(
        self, name: str, *, webhook_url: str | None = None, owner_id: UUID | None = None, start: bool = True
    ) -> Instance:
        """A new instance, which begins to pair unless `start` is False. Raises Invalid, Conflict."""
        _check_name(name)
        now, state = self._clock.now(), _first_state(start)
        limit = STATE_ROWS[state].limit
        async with self._database.transaction() as tx:
            made = await instances.insert(
                tx,
                id=self._clock.new_id(),
                name=name,
                status=status_of(state),
                state=state,
                wanted="running" if start else "stopped",
                deadline=now + limit if limit else None,
                webhook_url=webhook_url,
                engine=self._lifecycle.engine.name,
                owner_id=owner_id,
                now=now,
            )
            if made is None:
                raise _name_is_taken(name)
            first = timeline.Step(
                id=self._clock.new_id(), instance_id=made.id, at=now, code="created", state=state, params={}
            )
            await timeline.add(tx, [first])
            data = {"state": made.state, "status": made.status}
            if webhook_url is not None:
                await instance_urls.align(tx, self._clock)
            await event_log.append(tx, [event_of(INSTANCE_CREATED, made, data, self._clock)])
        EVENTS.labels(INSTANCE_CREATED).inc()
        self._told(made.id)
        if webhook_url is not None:
            self._changes.ring()
        return made

    async def list(
        self, access: Access, *, search: str = "", after: str | None = None, limit: int = 50
    ) -> Page[Instance]:
        """By name; `search` is a part of the name or of the phone number."""
        async with self._database.transaction() as tx:
            found = await instances.page(
                tx, only=access.instance_id, search=search, after=_name_of(after), limit=limit + 1
            )
        return Page(items=found[:limit], next=_cursor(found[limit - 1].instance_name) if found[limit:] else None)

    async def update(self, instance: Instance, changes: Mapping[str, object]) -> Instance:
        """Change its `instance_name`, `webhook_url` or `owner_id`. Raises Invalid, Conflict, NotFound."""
        unknown = set(changes) - _CHANGEABLE
        if unknown:
            raise Invalid("not_changeable", f"{', '.join(sorted(unknown))} cannot be changed.", field=min(unknown))
        values = dict(changes)
        async with self._database.transaction() as tx:
            if values.get("instance_name", instance.instance_name) != instance.instance_name:
                _check_name(str(values["instance_name"]))
            try:
                changed = _there(await instances.change(tx, instance.id, values, self._clock.now()), instance)
            except UniqueViolation:
                raise _name_is_taken(str(values["instance_name"])) from None
            if "webhook_url" in values:
                await instance_urls.align(tx, self._clock)
            names = sorted(name for name in values if getattr(changed, name) != getattr(instance, name))
            data = {"changed": names, "previous_name": instance.instance_name}
            told = [event_of(INSTANCE_UPDATED, changed, data, self._clock)] if names else []
            await event_log.append(tx, told)
        EVENTS.labels(INSTANCE_UPDATED).inc(len(told))
        self._told(instance.id)
        if "webhook_url" in values:
            self._changes.ring()
        return changed

    async def start(self, instance: Instance) -> Instance:
        """Want it to run. One that runs already is left alone; one that waits for its next attempt makes it now."""
        if instance.wanted == "running" and instance.state in LIVE:
            return instance
        return await self._want(instance, "running")

    async def stop(self, instance: Instance) -> Instance:
        """Want it to stop; it stays linked."""
        return await self._want(instance, "stopped")

    async def restart(self, instance: Instance) -> Instance:
        """Want it to disconnect and to connect again."""
        return await self._want(instance, "running")

    async def logout(self, instance: Instance) -> Instance:
        """Unlink it from its phone. Raises Unavailable."""
        await self._lifecycle.order(instance.id, "logout")
        return await self._want(instance, "stopped")

    async def remove(self, instance: Instance) -> None:
        """Unlink it and delete all of it, its messages too; one that moved stays linked. Raises Unavailable."""
        if instance.reason == MOVED:
            await self._remove_moved(instance)
            return
        await self._lifecycle.order(instance.id, "remove")

    async def past(self, instance: Instance) -> Past:
        """What is remembered of its linked phone: since when, its last sign, the last backup."""
        async with self._database.glance() as tx:
            return await sessions.past(tx, instance.id)

    async def shown_code(self, instance: Instance) -> Pairing | None:
        """What waits for the phone at this moment; None when nothing does."""
        if instance.state != "awaiting_scan":
            return None
        async with self._database.glance() as tx:
            found = await pairings.get(tx, instance.id)
        return found if found is not None and found.expires_at > self._clock.now() else None

    async def pairing(self, instance: Instance) -> Pairing:
        """What waits for the phone now; a code that is on its way is waited for, up to ten seconds.

        Raises Conflict when nothing waits, and nothing came.
        """
        with self._bell.listen() as ear:
            for _ in range(_LOOKS):
                async with self._database.transaction() as tx:
                    found = await pairings.get(tx, instance.id)
                    instance = _there(await instances.get(tx, instance.id), instance)
                if found is not None and found.expires_at > self._clock.now():
                    return found
                if not _code_comes(instance):
                    break
                await ear.wait(_LOOK_AGAIN)
        raise _nothing_to_scan(instance)

    async def pairing_code(self, instance: Instance, phone: str) -> Pairing:
        """A code to type into that phone; starts the instance if it does not run.

        Raises Invalid, Conflict, TooMany, Unavailable.
        """
        digits = _digits(phone)
        if instance.wanted != "running" or instance.state not in LIVE:
            await self._want(instance, "running")
        return orders.pairing_of(await self._lifecycle.order(instance.id, "pair_phone", phone=digits))

    async def force_update(self, instance: Instance) -> tuple[Instance, Instance]:
        """Look at the wire and correct the row: as it was, as it is. Raises Unavailable."""
        before = await self._row(instance)
        await self._lifecycle.order(instance.id, "force_update")
        return before, await self._row(instance)

    async def timeline(
        self, instance: Instance, *, language: str = "en", after: str | None = None, limit: int = 50
    ) -> Page[TimelineEntry]:
        """What happened to it, the newest first, in words."""
        spoken = language_of(language)
        async with self._database.transaction() as tx:
            steps = await timeline.page(tx, instance.id, before=_step_of(after), limit=limit + 1)
        entries = [
            told(id=one.id, at=one.at, code=one.code, state=one.state, params=one.params, language=spoken)
            for one in steps[:limit]
        ]
        return Page(items=entries, next=str(entries[-1].id) if steps[limit:] else None)

    async def _row(self, instance: Instance) -> Instance:
        async with self._database.transaction() as tx:
            return _there(await instances.get(tx, instance.id), instance)

    async def _remove_moved(self, instance: Instance) -> None:
        async with self._database.transaction() as tx:
            if await instances.remove_moved(tx, instance.id):
                await leases.remove(tx, "instance", instance.id)
                await event_log.append(tx, [event_of(INSTANCE_REMOVED, instance, {}, self._clock)])
        self._told(instance.id)

    async def _want(self, instance: Instance, wanted: Wanted) -> Instance:
        if wanted == "running" and instance.reason == MOVED:
            raise _has_moved(instance)
        async with self._database.transaction() as tx:
            row = await instances.want(tx, instance.id, wanted, self._clock.now())
            await rings.ring(tx, "wish", instance.id)
        self._told(instance.id)
        return _there(row, instance)

    def _told(self, instance_id: UUID) -> None:
        self._bell.ring()
        self._lifecycle.wake(instance_id)


def _first_state(start: bool) -> State:
    return "starting" if start else "stopped"


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid(
            "wrong_instance_name",
            f"{name!r} is no name for an instance.",
            field="instance_name",
            hint="Small letters, digits, - and _, at most 63, the first one a letter or a digit.",
        )


def _digits(phone: str) -> str:
    digits = _NOT_DIGITS.sub("", phone.strip()).removeprefix("+").removeprefix("00")
    if not _PHONE.fullmatch(digits):
        raise Invalid(
            "wrong_phone",
            f"{phone!r} is no phone number in international form.",
            field="phone",
            hint="Country code first, for example +55 11 99999-0000.",
        )
    return digits


def _name_is_taken(name: str) -> Conflict:
    return Conflict("instance_exists", f"There is an instance named {name} already.", hint="Choose another name.")


def _has_moved(instance: Instance) -> Conflict:
    return Conflict(
        "moved",
        f"{instance.instance_name} moved to another database; here it starts no more.",
        hint="Move it back with `recado db restore`, or remove it here.",
    )


def _code_comes(instance: Instance) -> bool:
    """Whether it is on its way to a code, or a wish that the worker has not heard yet will bring it there."""
    is_asked = instance.wanted_at > instance.since
    return instance.wanted == "running" and (is_asked or instance.state in _BEFORE_A_CODE)


def _nothing_to_scan(instance: Instance) -> Conflict:
    name, hint = instance.instance_name, "Start the instance, then ask again."
    if instance.status == "connected":
        hint = "It is linked and connected: there is nothing to scan."
    elif instance.state in LIVE:
        hint = "The code is on its way: ask again in a moment."
    return Conflict(
        "nothing_to_scan", f"There is no code to scan for {name} right now.", hint=hint, state=instance.state
    )


def _there(row: Instance | None, instance: Instance) -> Instance:
    if row is None:
        raise NotFound("unknown_instance", f"There is no instance named {instance.instance_name!r} any more.")
    return row


def _cursor(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _name_of(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise _wrong_cursor() from error


def _step_of(cursor: str | None) -> UUID | None:
    try:
        return UUID(cursor) if cursor is not None else None
    except ValueError as error:
        raise _wrong_cursor() from error


def _wrong_cursor() -> Invalid:
    return Invalid("wrong_cursor", "`after` is no cursor.", field="after", hint="Use `next` of the page before.")
