"""Notices that change rows: names, pictures, groups. What they change is told as events of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recado.domain import groups as rules
from recado.domain.changes import (
    Occasion,
    contact_updated,
    group_joined,
    group_left,
    group_members,
    group_updated,
)
from recado.domain.chats import Address, Chat
from recado.domain.contacts import Contact
from recado.domain.events import NewEvent
from recado.domain.groups import Crowd, Difference, GroupState
from recado.domain.identities import News
from recado.domain.jid import Identity
from recado.domain.notices import GroupChanged, GroupEntered, PictureChanged, Renamed, Told, group_of, people_of

from . import groups, pictures
from .database import Tx
from .identities import Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Notable:
    """A notice that could be read. `n` is for the caller's own order."""

    n: int
    instance_id: UUID
    instance_name: str
    told: Told


def news(notables: Iterable[Notable]) -> list[News]:
    """Everybody whom they name."""
    found = []
    for one in notables:
        for identity in people_of(one.told):
            if identity != Identity():
                name = one.told if isinstance(one.told, Renamed) else None
                found.append(
                    News(
                        instance_id=one.instance_id,
                        identity=identity,
                        push_name=name.push_name if name else None,
                        business_name=name.business_name if name else None,
                    )
                )
    return found


def addresses(notables: Iterable[Notable]) -> list[tuple[UUID, Address]]:
    """The groups that they are about."""
    return [(one.instance_id, address) for one in notables if (address := _address(one.told))]


async def write(
    tx: Tx, notables: Sequence[Notable], places: Places, new_id: Callable[[], UUID], now: datetime
) -> list[tuple[int, NewEvent]]:
    """Change the rows; the events, each with the number of its notice."""
    scribe = _Scribe(places, new_id, now)
    told = [*scribe.names(notables)]
    told += await _pictures(tx, notables, scribe)
    told += await _groups(tx, notables, scribe)
    return told


class _Scribe:
    """Makes the events of one batch."""

    def __init__(self, places: Places, new_id: Callable[[], UUID], now: datetime) -> None:
        self.places = places
        self.now = now
        self._new_id = new_id
        self._renamed = {contact.id for contact in places.people.changed}
        self._new = {contact.id for contact in places.people.created}

    def occasion(self, one: Notable) -> Occasion:
        return Occasion(id=self._new_id(), time=self.now, instance_id=one.instance_id, instance_name=one.instance_name)

    def person(self, one: Notable, identity: Identity) -> Contact | None:
        return self.places.people.contact(one.instance_id, identity) if identity != Identity() else None

    def names(self, notables: Iterable[Notable]) -> Iterator[tuple[int, NewEvent]]:
        """Of those who went by another name before; a message that came first may have written it already."""
        for one in notables:
            if isinstance(one.told, Renamed):
                contact = self.places.people.contact(one.instance_id, one.told.identity)
                if contact.id in self._renamed or (one.told.was and contact.id not in self._new):
                    changed = "push_name" if one.told.push_name else "business_name"
                    yield one.n, contact_updated(self.occasion(one), contact, [changed])

    def differences(self, one: Notable, chat: Chat, found: Difference, by: Contact | None) -> Iterator[NewEvent]:
        yield from group_events(lambda: self.occasion(one), chat, found, by, self.places.people.contacts)


def group_events(
    occasion: Callable[[], Occasion],
    chat: Chat,
    found: Difference,
    by: Contact | None,
    people: Mapping[UUID, Contact],
) -> Iterator[NewEvent]:
    """What there is to tell of a group that is other than before. `people` has all who are named in it."""
    if found.own == "joined":
        yield group_joined(occasion(), chat, by)
    if found.changed:
        yield group_updated(occasion(), chat, found.changed, by)
    for crowd in found.crowds:
        if members := [people[id] for id in crowd.people if id in people]:
            yield group_members(occasion(), chat, crowd.action, members, by)
    if found.own == "left":
        yield group_left(occasion(), chat, by)


async def _pictures(tx: Tx, notables: Iterable[Notable], scribe: _Scribe) -> list[tuple[int, NewEvent]]:
    by_n = {one.n: one for one in notables}
    told = [
        pictures.News(
            n=one.n,
            instance_id=one.instance_id,
            jid=one.told.jid,
            identity=one.told.identity,
            picture_id=one.told.picture_id,
        )
        for one in by_n.values()
        if isinstance(one.told, PictureChanged)
    ]
    events = []
    for n, whose in await pictures.note_changes(tx, told) if told else ():
        one = by_n[n]
        if isinstance(whose, Chat):
            changed = {"picture_id": one.told.picture_id if isinstance(one.told, PictureChanged) else None}
            events.append((n, group_updated(scribe.occasion(one), whose, changed, None)))
        else:
            events.append((n, contact_updated(scribe.occasion(one), whose, ["picture"])))
    return events


async def _groups(tx: Tx, notables: Iterable[Notable], scribe: _Scribe) -> list[tuple[int, NewEvent]]:
    """One after the other on the state of each group; written when all are through."""
    about = [(one, address) for one in notables if (address := _address(one.told))]
    if not about:
        return []
    chats = {one.n: scribe.places.chats[one.instance_id, address] for one, address in about}
    before = await groups.load(tx, {chat.id for chat in chats.values()})
    own = await groups.own(tx, {one.instance_id for one, _ in about})
    states, events = dict(before), []
    for one, _ in about:
        chat, people = chats[one.n], scribe.places.people.contacts
        ourselves = {id for id, contact in people.items() if is_own(contact, one.instance_id, own[one.instance_id])}
        states[chat.id], found = _apply(one, states[chat.id], ourselves, scribe)
        by = one.told.by if isinstance(one.told, GroupChanged | GroupEntered) else Identity()
        shown = named(chat, states[chat.id])
        events += [(one.n, event) for event in scribe.differences(one, shown, found, scribe.person(one, by))]
    await groups.save(tx, before, states)
    return events


def _apply(one: Notable, state: GroupState, own: set[UUID], scribe: _Scribe) -> tuple[GroupState, Difference]:
    told = one.told
    if isinstance(told, GroupEntered):
        members = {
            contact.id: member.role
            for member in told.group.members
            if (contact := scribe.person(one, member.identity)) is not None
        }
        owner = scribe.person(one, told.group.owner) if told.group.owner else None
        return rules.describe(state, told.group, members, owner.id if owner else None, is_in=True, is_entry=True)
    assert isinstance(told, GroupChanged)
    crowds = [
        Crowd(action=action, people=tuple(scribe.places.people.contact(one.instance_id, who).id for who in people))
        for action, people in told.crowds
    ]
    return rules.change(state, told.changed, crowds, own, told.at or scribe.now, is_deleted=told.is_deleted)


def is_own(contact: Contact, instance_id: UUID, own: Identity) -> bool:
    """Whether that is this number itself."""
    is_same = (contact.lid is not None and contact.lid == own.lid) or (
        contact.phone_number is not None and contact.phone_number == own.phone
    )
    return contact.instance_id == instance_id and is_same


def named(chat: Chat, state: GroupState) -> Chat:
    """The chat with the group's subject as its name."""
    return Chat(
        id=chat.id,
        instance_id=chat.instance_id,
        kind=chat.kind,
        contact=None,
        jid=chat.jid,
        name=state.subject,
        last_message_at=chat.last_message_at,
    )


def _address(told: Told) -> Address | None:
    jid = group_of(told)
    return Address(kind="group", jid=jid) if jid else None
