"""What entries of app state do to people and chats, inside of the transaction that keeps them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from recado.clock import Clock
from recado.domain.app_state import Archived, Marked, Meaning, Muted, Named, OwnName, Pinned, meaning_of
from recado.domain.changes import Occasion, chat_updated, contact_updated
from recado.domain.contacts import Contact
from recado.domain.events import NewEvent
from recado.domain.identities import News
from recado.domain.sync import AppStateItem
from recado.store import address_book, app_state, chat_flags, identities, known
from recado.store.database import Tx


class Effects:
    """Of one instance in one transaction, which holds the instance's lock. `events` collects what there is to tell.

    With `is_silent` only merges are told.
    """

    def __init__(self, tx: Tx, instance_id: UUID, name: str, clock: Clock, *, is_silent: bool) -> None:
        self.events: list[NewEvent] = []
        self._tx = tx
        self._instance_id = instance_id
        self._name = name
        self._clock = clock
        self._is_silent = is_silent

    async def apply(self, items: Iterable[AppStateItem]) -> None:
        """Entries that are new, or say something else than before."""
        meanings = _meanings(items)
        await self._name_people([one for one in meanings if isinstance(one, Named)])
        flagged = await self._spots(one.subject for one in meanings if isinstance(one, Archived | Pinned | Muted))
        marked = await self._spots(one.subject for one in meanings if isinstance(one, Marked))
        changed = await chat_flags.heed(self._tx, flagged, marks=False) if flagged else []
        changed += await chat_flags.heed(self._tx, marked, marks=True) if marked else []
        await self._tell_chats(changed)
        for one in meanings:
            if isinstance(one, OwnName):
                await app_state.own_name(self._tx, self._instance_id, one.name)

    async def take_back(self, items: Iterable[AppStateItem]) -> None:
        """Entries that are not there any more."""
        meanings = _meanings(items)
        named = [
            News(instance_id=self._instance_id, identity=one.identity) for one in meanings if isinstance(one, Named)
        ]
        if named:
            people = await known.contacts(self._tx, named)
            self._tell_people(await address_book.rename(self._tx, people, forgets=True))
        spots = await self._spots(one.subject for one in meanings if isinstance(one, Archived | Pinned | Muted))
        await self._tell_chats(await chat_flags.forget(self._tx, spots, meanings))

    def occasion(self) -> Occasion:
        return Occasion(
            id=self._clock.new_id(),
            time=self._clock.now(),
            instance_id=self._instance_id,
            instance_name=self._name,
        )

    async def _name_people(self, named: Collection[Named]) -> None:
        if not named:
            return
        news = self._news(named)
        places = await identities.settle_places(self._tx, news, [], self._clock.new_id)
        names = {self._instance_id: self._name}
        self.events += identities.united_events(places, names, self._clock.new_id, self._clock.now())
        people = {one.id: one for item in news for one in [places.people.contact(self._instance_id, item.identity)]}
        self._tell_people(await address_book.rename(self._tx, people.values()))

    def _news(self, named: Iterable[Named]) -> list[News]:
        return [News(instance_id=self._instance_id, identity=one.identity) for one in named]

    async def _spots(self, subjects: Iterable[str]) -> list[chat_flags.Spot]:
        return await chat_flags.spots(self._tx, {(self._instance_id, subject) for subject in subjects})

    def _tell_people(self, people: Iterable[Contact]) -> None:
        if not self._is_silent:
            self.events += [contact_updated(self.occasion(), one, ["name"]) for one in people]

    async def _tell_chats(self, ids: Iterable[UUID]) -> None:
        changed = list(dict.fromkeys(ids))
        if changed and not self._is_silent:
            self.events += [
                chat_updated(self.occasion(), chat, is_marked_unread=is_marked)
                for chat, is_marked in await chat_flags.shown(self._tx, changed)
            ]


def _meanings(items: Iterable[AppStateItem]) -> list[Meaning]:
    return [one for item in items if (one := meaning_of(item.index, item.value))]
