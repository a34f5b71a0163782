"""Groups as the network has them: the whole list now and then, one by itself when a notice leaves something open."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain import groups as rules
from recado.domain.changes import Occasion
from recado.domain.chats import Address
from recado.domain.engine import EngineError, Inbound, Incoming, Notice
from recado.domain.events import NewEvent
from recado.domain.groups import Difference
from recado.domain.identities import News
from recado.domain.instances import Instance, id_of
from recado.domain.notices import GroupChanged, read_notice
from recado.domain.sync import Group, GroupSource
from recado.services.alarm import Alarm
from recado.services.bell import Bell
from recado.services.roster import Roster
from recado.store import contacts, identities, instances, log
from recado.store import groups as store
from recado.store.database import Database, Tx
from recado.store.identities import Places
from recado.store.notices import group_events, is_own, named
from recado.telemetry import EVENTS

LIST_EVERY: Final = timedelta(hours=24)
_MEMBERS_AT_ONCE: Final = 2_000
_AT_ONCE: Final = 4
_WHOLE_LIST: Final = ""

_log = structlog.get_logger()


class GroupReader:
    """Reads for every instance of the roster, a few at a time, of each one call after the other."""

    def __init__(self, database: Database, source: GroupSource, roster: Roster, clock: Clock, bell: Bell) -> None:
        self._database = database
        self._source = source
        self._roster = roster
        self._clock = clock
        self._bell = bell
        self._wanted: dict[UUID, dict[str, bool]] = {}
        self._busy: set[UUID] = set()
        self._anew: set[UUID] = set()
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._seen: defaultdict[UUID, set[str]] = defaultdict(set)
        self._alarm = Alarm(clock)

    def paired(self, instance_id: UUID) -> None:
        """It may be another phone now, in other groups."""
        self._anew.add(instance_id)

    def connected(self, instance_id: UUID) -> None:
        """Look whether the list is old."""
        self._seen.pop(instance_id, None)
        self._want(instance_id, _WHOLE_LIST)

    def heard(self, inbound: Inbound) -> None:
        """Something came and is stored: a message from a group never seen, or a notice that leaves something open."""
        if isinstance(inbound, Incoming):
            if inbound.is_group and (instance_id := id_of(inbound.session)):
                self._see(instance_id, inbound.chat)
        elif isinstance(inbound, Notice) and (instance_id := id_of(inbound.session)):
            told = read_notice(inbound)
            if isinstance(told, GroupChanged) and not told.is_told:
                self._want(instance_id, told.jid)

    async def run(self) -> None:
        self._roster.hear(self.connected)
        for instance_id in self._roster.connected():
            self.connected(instance_id)
        async with asyncio.TaskGroup() as tasks:
            while True:
                for instance_id in self._wanted.keys() - self._busy:
                    self._busy.add(instance_id)
                    tasks.create_task(self._serve(instance_id))
                await self._alarm.wait(None)

    def _see(self, instance_id: UUID, jid: str) -> None:
        if jid not in self._seen[instance_id]:
            self._seen[instance_id].add(jid)
            self._want(instance_id, jid, is_sure=False)

    def _want(self, instance_id: UUID, jid: str, *, is_sure: bool = True) -> None:
        """`is_sure`: it has to be asked for; else only when nothing is known of it yet."""
        wanted = self._wanted.setdefault(instance_id, {})
        wanted[jid] = is_sure or wanted.get(jid, False)
        self._alarm.ring()

    async def _serve(self, instance_id: UUID) -> None:
        try:
            async with self._room:
                for jid, is_sure in self._wanted.pop(instance_id, {}).items():
                    await self._read(instance_id, jid, is_sure)
        finally:
            self._busy.discard(instance_id)
            self._alarm.ring()

    async def _read(self, instance_id: UUID, jid: str, is_sure: bool) -> None:
        """What goes wrong here waits for the next occasion: a notice, a connect."""
        fence = self._roster.fence_of(instance_id)
        if fence is None:
            return
        try:
            if jid == _WHOLE_LIST:
                await self._list(instance_id, fence)
            elif is_sure or await self._is_undescribed(instance_id, jid):
                await self._ask(instance_id, fence, jid)
        except EngineError as error:
            _log.warning("groups.unread", instance=str(instance_id), kind=error.kind, error=str(error))
        except Exception as error:
            _log.warning("groups.failed", instance=str(instance_id), error=repr(error))

    async def _is_undescribed(self, instance_id: UUID, jid: str) -> bool:
        async with self._database.transaction() as tx:
            return await store.is_undescribed(tx, instance_id, jid)

    async def _list(self, instance_id: UUID, fence: int) -> None:
        async with self._database.transaction() as tx:
            listed_at = None if instance_id in self._anew else await store.listed_at(tx, instance_id)
            living = await store.living(tx, instance_id)
        now = self._clock.now()
        if listed_at is not None and listed_at + LIST_EVERY > now:
            return
        groups = await self._source.groups(str(instance_id), fence)
        found: set[UUID] = set()
        for some in _portions(groups):
            found |= await self._describe(instance_id, some, is_list=True, is_silent=listed_at is None)
        await self._leave(instance_id, living - found)
        self._seen[instance_id] |= {group.jid for group in groups}
        self._anew.discard(instance_id)

    async def _ask(self, instance_id: UUID, fence: int, jid: str) -> None:
        group = await self._source.group(str(instance_id), fence, jid)
        await self._describe(instance_id, [group], is_list=False, is_silent=False)

    async def _describe(
        self, instance_id: UUID, groups: Sequence[Group], *, is_list: bool, is_silent: bool
    ) -> set[UUID]:
        """Write what the network has said of these groups; their ids."""
        async with self._database.transaction(locks=identities.locks([instance_id])) as tx:
            instance = await instances.get(tx, instance_id)
            if instance is None:
                return set()
            places = await self._settle(tx, instance_id, groups)
            names = {instance_id: instance.instance_name}
            events = identities.united_events(places, names, self._clock.new_id, self._clock.now())
            chats = {one.jid: places.chats[instance_id, _address(one)] for one in groups}
            told = await self._write(tx, instance, groups, places, is_list=is_list)
            events += [] if is_silent else told
            log.append_last(tx, events)
        self._told(events)
        return {chat.id for chat in chats.values()}

    async def _settle(self, tx: Tx, instance_id: UUID, groups: Sequence[Group]) -> Places:
        people = [member.identity for group in groups for member in group.members]
        people += [group.owner for group in groups if group.owner]
        news = [News(instance_id=instance_id, identity=identity) for identity in people]
        return await identities.settle_places(
            tx, news, [(instance_id, _address(group)) for group in groups], self._clock.new_id
        )

    async def _write(
        self, tx: Tx, instance: Instance, groups: Sequence[Group], places: Places, *, is_list: bool
    ) -> list[NewEvent]:
        chats = [places.chats[instance.id, _address(group)] for group in groups]
        before = await store.load(tx, {chat.id for chat in chats})
        own = (await store.own(tx, [instance.id]))[instance.id]
        after, differences = dict(before), []
        for chat, group in zip(chats, groups, strict=True):
            people = {places.people.contact(instance.id, one.identity): one.role for one in group.members}
            is_in = is_list or any(is_own(person, instance.id, own) for person in people)
            owner = places.people.contact(instance.id, group.owner) if group.owner else None
            members = {person.id: role for person, role in people.items()}
            after[chat.id], found = rules.describe(
                before[chat.id], group, members, owner.id if owner else None, is_in=is_in
            )
            differences.append((named(chat, after[chat.id]), found))
        await store.save(tx, before, after)
        gone = {id for _, found in differences for crowd in found.crowds for id in crowd.people}
        known = places.people.contacts | await contacts.by_ids(tx, gone - places.people.contacts.keys())
        return [
            event
            for chat, found in differences
            for event in group_events(lambda: self._occasion(instance), chat, found, None, known)
        ]

    async def _leave(self, instance_id: UUID, ids: set[UUID]) -> None:
        """The groups that the list does not have any more; then the list is read."""
        now = self._clock.now()
        async with self._database.transaction(locks=identities.locks([instance_id])) as tx:
            instance = await instances.get(tx, instance_id)
            if instance is None:
                return
            before = await store.load(tx, ids)
            after = {id: rules.leave(state, now) for id, state in before.items()}
            await store.save(tx, before, after)
            events = [
                event
                for view in [await store.get_group(tx, instance_id, id) for id in sorted(before)]
                if view is not None
                for event in group_events(lambda: self._occasion(instance), view.chat, Difference(own="left"), None, {})
            ]
            await store.note_listed(tx, instance_id, now)
            log.append_last(tx, events)
        self._told(events)

    def _occasion(self, instance: Instance) -> Occasion:
        return Occasion(
            id=self._clock.new_id(),
            time=self._clock.now(),
            instance_id=instance.id,
            instance_name=instance.instance_name,
        )

    def _told(self, events: Sequence[NewEvent]) -> None:
        for event in events:
            EVENTS.labels(event.type).inc()
        if events:
            self._bell.ring()


def _address(group: Group) -> Address:
    return Address(kind="group", jid=group.jid)


def _portions(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """As many at a time as make a transaction of a moderate size."""
    some: list[Group] = []
    for group in groups:
        some.append(group)
        if sum(len(one.members) for one in some) >= _MEMBERS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
