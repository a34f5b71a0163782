"""Who is who: what is known of people by phone number and LID, and what news of them makes of it.

A LID is the person; a phone number is an attribute that moves with the latest news. Two rows are one person when one
knows only the number, the other the LID, and somebody says that the two belong together: the older id survives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from .contacts import Contact
from .jid import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Somebody was named: by number, LID or both, perhaps with the name they go by, or do business under.

    A name that `is_old` (said in the past, not now) fills in where none is known and replaces nothing.
    """

    instance_id: UUID
    identity: Identity
    push_name: str | None = None
    business_name: str | None = None
    is_old: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two contacts are one."""

    instance_id: UUID
    survivor_id: UUID
    loser_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is so after the news. `contacts` are all that were named, by id; the lists say what has to be written.

    `released` lost a number or LID to somebody else: it has to be taken from them before `changed` are written.
    """

    contacts: dict[UUID, Contact]
    ids: dict[tuple[UUID, Identity], UUID]
    created: list[Contact]
    changed: list[Contact]
    released: list[UUID]
    merges: list[Merge]

    @property
    def is_quiet(self) -> bool:
        """Nothing has to be written."""
        return not (self.created or self.changed or self.released or self.merges)

    def contact(self, instance_id: UUID, identity: Identity) -> Contact:
        return self.contacts[self.ids[instance_id, identity]]


def settle(news: Iterable[News], known: Iterable[Contact], new_id: Callable[[], UUID]) -> Settlement:
    """Work out who everybody is. `known` holds every contact that carries a number or LID of the news."""
    book = _Book(known, new_id)
    entries = [(item, book.place(item)) for item in news]
    return book.settlement({(item.instance_id, item.identity): entry for item, entry in entries})


class _Entry:
    __slots__ = ("business_name", "id", "instance_id", "into", "lid", "name", "phone", "push_name", "was")

    def __init__(self, id: UUID, instance_id: UUID, phone: str | None, lid: str | None, was: Contact | None) -> None:
        self.id = id
        self.instance_id = instance_id
        self.phone = phone
        self.lid = lid
        self.name = was.name if was else None
        self.push_name = was.push_name if was else None
        self.business_name = was.business_name if was else None
        self.was = was
        self.into: _Entry | None = None

    @property
    def age(self) -> tuple[bool, UUID]:
        return self.was is None, self.id

    def end(self) -> _Entry:
        return self if self.into is None else self.into.end()

    def contact(self) -> Contact:
        now = Contact(
            id=self.id,
            instance_id=self.instance_id,
            phone_number=self.phone,
            lid=self.lid,
            name=self.name,
            push_name=self.push_name,
            business_name=self.business_name,
        )
        return self.was if self.was == now else now

    def inherit(self, other: _Entry) -> None:
        """Take over what the other was called, where nothing is known."""
        self.name = self.name or other.name
        self.push_name = self.push_name or other.push_name
        self.business_name = self.business_name or other.business_name


class _Book:
    """All entries of a moment, found by number and by LID."""

    def __init__(self, known: Iterable[Contact], new_id: Callable[[], UUID]) -> None:
        self._new_id = new_id
        self._entries: list[_Entry] = []
        self._phones: dict[tuple[UUID, str], _Entry] = {}
        self._lids: dict[tuple[UUID, str], _Entry] = {}
        for contact in known:
            self._add(_Entry(contact.id, contact.instance_id, contact.phone_number, contact.lid, contact))

    def place(self, news: News) -> _Entry:
        """The entry of who is named, made or changed as the news asks."""
        instance_id, phone, lid = news.instance_id, news.identity.phone, news.identity.lid
        by_phone = self._phones.get((instance_id, phone)) if phone else None
        by_lid = self._lids.get((instance_id, lid)) if lid else None
        if by_lid:
            entry = self._join(by_phone, by_lid) if by_phone else by_lid
        elif by_phone and (not lid or by_phone.lid is None):
            entry = by_phone
        else:
            entry = _Entry(self._new_id(), instance_id, None, None, None)
            self._entries.append(entry)
        self._assign(entry, phone, lid)
        if news.push_name and not (news.is_old and entry.push_name):
            entry.push_name = news.push_name
        entry.business_name = news.business_name or entry.business_name
        return entry

    def settlement(self, named: dict[tuple[UUID, Identity], _Entry]) -> Settlement:
        living = [entry for entry in self._entries if entry.into is None]
        contacts = {entry.id: entry.contact() for entry in living}
        return Settlement(
            contacts=contacts,
            ids={key: entry.end().id for key, entry in named.items()},
            created=[contacts[entry.id] for entry in living if entry.was is None],
            changed=[contacts[entry.id] for entry in living if entry.was and contacts[entry.id] is not entry.was],
            released=[entry.id for entry in living if _has_lost(entry)],
            merges=[
                Merge(instance_id=entry.instance_id, survivor_id=entry.end().id, loser_id=entry.id)
                for entry in self._entries
                if entry.into and entry.was
            ],
        )

    def _add(self, entry: _Entry) -> None:
        self._entries.append(entry)
        self._assign(entry, entry.phone, entry.lid)

    def _join(self, by_phone: _Entry, by_lid: _Entry) -> _Entry:
        """The two are one, unless the number's holder has a LID of its own: then the number alone moves."""
        if by_phone is by_lid or by_phone.lid is not None:
            return by_lid
        survivor, loser = sorted((by_phone, by_lid), key=lambda entry: entry.age)
        phone, lid = by_phone.phone, by_lid.lid
        self._phones.pop((loser.instance_id, loser.phone or ""), None)
        loser.phone = loser.lid = None
        loser.into = survivor
        survivor.inherit(loser)
        self._assign(survivor, phone, lid)
        return survivor

    def _assign(self, entry: _Entry, phone: str | None, lid: str | None) -> None:
        if phone:
            holder = self._phones.get((entry.instance_id, phone))
            if holder is not None and holder is not entry:
                holder.phone = None
            if entry.phone and entry.phone != phone:
                self._phones.pop((entry.instance_id, entry.phone), None)
            self._phones[entry.instance_id, phone] = entry
            entry.phone = phone
        if lid:
            self._lids[entry.instance_id, lid] = entry
            entry.lid = lid


def _has_lost(entry: _Entry) -> bool:
    return entry.was is not None and entry.was.phone_number is not None and entry.phone != entry.was.phone_number
