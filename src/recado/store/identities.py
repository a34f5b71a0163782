"""Who is meant and where it belongs: finds contacts and chats by WhatsApp's names, makes them, unites them.

Whoever writes contacts, chats or new messages of an instance holds its lock, taken before any other lock of the
transaction; so batches of several instances neither deadlock nor see half of each other's work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from recado.domain.chats import Address, Chat, address_of
from recado.domain.contacts import Contact
from recado.domain.events import NewEvent
from recado.domain.identities import Merge, News, Settlement, settle
from recado.domain.jid import Identity, identity_of
from recado.domain.tellings import chat_merged_event, contact_merged_event

from . import address_book, chat_flags, chats, contacts, known, merging
from .database import Call, Tx
from .known import Known

_LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS t (key)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Who is who and which chat is whose, after the news.

    `merged_chats` has the survivor and the loser's id; with `people.merges` it is news for the log (`united_events`).
    """

    people: Settlement
    chats: dict[tuple[UUID, Address], Chat]
    merged_chats: list[tuple[Chat, UUID]]


async def lock(tx: Tx, instance_ids: Iterable[UUID]) -> None:
    """Take the instances for this transaction. All at once, and first: before any row is locked."""
    await tx.execute(_LOCK, [locks(instance_ids)])


def locks(instance_ids: Iterable[UUID]) -> list[int]:
    """The same for `Database.transaction`, which saves a round trip."""
    return sorted({int.from_bytes(id.bytes[8:], "big", signed=True) for id in instance_ids})


def question(news: Iterable[News], addresses: Iterable[tuple[UUID, Address]]) -> Call:
    """What `settle_places` has to know first, for `Database.transaction`: it saves a round trip."""
    addresses = set(addresses)
    return known.question(_all_news(news, addresses), _jids(addresses))


async def settle_places(
    tx: Tx,
    news: Iterable[News],
    addresses: Iterable[tuple[UUID, Address]],
    new_id: Callable[[], UUID],
    *,
    before: Known | None = None,
) -> Places:
    """Find or make the contacts that are named and the chats of the addresses. The caller holds the lock.

    `before` is the answer to the `question`, if it has been asked.
    """
    addresses = set(addresses)
    news = _all_news(news, addresses)
    if before is None:
        before = await known.known(tx, news, _jids(addresses)) if news or addresses else Known(contacts=[], chats=[])
    people = settle(news, before.contacts, new_id)
    merges = await _write(tx, people)
    shifted = _shifted(people, before.contacts)
    if shifted:
        people.contacts.update({contact.id: contact for contact in await address_book.rename(tx, shifted)})
    found = _found(people, before.chats) | await _moved(tx, people)
    if shifted:
        await chat_flags.heed(tx, _spots(found, shifted), marks=False)
    by_id = {chat.id: chat for chat in found.values()} if merges else {}
    merged = [(by_id[merge.survivor_id], merge.loser_id) for merge in merges]
    places = {(i, address): _key(people, i, address) for i, address in addresses}
    missing = {key: (i, address) for (i, address), key in places.items() if key not in found}
    if missing:
        made = {key: _new_chat(new_id(), i, address, people) for key, (i, address) in missing.items()}
        await chats.create(tx, made.values())
        await chat_flags.heed(tx, [chat_flags.spot_of(chat) for chat in made.values()], marks=True)
        found |= made
    return Places(people=people, chats={place: found[key] for place, key in places.items()}, merged_chats=merged)


def united_events(
    places: Places, names: Mapping[UUID, str], new_id: Callable[[], UUID], time: datetime
) -> list[NewEvent]:
    """The events of what was united; `names` are the instances' names by id."""
    people = [
        contact_merged_event(
            places.people.contacts[merge.survivor_id],
            merge.loser_id,
            id=new_id(),
            instance_name=names[merge.instance_id],
            time=time,
        )
        for merge in places.people.merges
    ]
    chats = [
        chat_merged_event(chat, loser_id, id=new_id(), instance_name=names[chat.instance_id], time=time)
        for chat, loser_id in places.merged_chats
    ]
    return people + chats


async def find_chat_for(
    tx: Tx, instance_id: UUID, who: Address | Identity | str, new_id: Callable[[], UUID]
) -> tuple[Chat, Places]:
    """The chat with a person (all that is known of them) or of a JID, made if there is none.

    Takes the instance's lock, so it comes before any other row of the transaction; for several instances call `lock`
    with all of them first. An identity with number and LID may unite two contacts: `united_events` of the second value
    belong into the log then.
    """
    await lock(tx, [instance_id])
    if isinstance(who, Identity):
        address = Address(kind="person", identity=who)
    else:
        address = address_of(who, identity_of(who)) if isinstance(who, str) else who
    places = await settle_places(tx, [], [(instance_id, address)], new_id)
    return places.chats[instance_id, address], places


_Key = tuple[UUID, UUID | str]


def _key(people: Settlement, instance_id: UUID, address: Address) -> _Key:
    """What a chat is found by: its contact or its JID."""
    if address.identity is not None:
        return instance_id, people.ids[instance_id, address.identity]
    return instance_id, address.jid or ""


async def _write(tx: Tx, people: Settlement) -> list[Merge]:
    if people.is_quiet:
        return []
    merged_chats = await merging.merge_contacts(tx, people.merges) if people.merges else []
    if people.changed or people.released:
        await contacts.change(tx, people.changed, released=people.released)
    if people.created:
        await contacts.create(tx, people.created)
    return merged_chats


def _shifted(people: Settlement, before: Iterable[Contact]) -> list[Contact]:
    """Those who were there and are known by another number or LID now: what app state says of that is theirs."""
    names = {contact.id: (contact.phone_number, contact.lid) for contact in before}
    return [one for one in people.changed if names[one.id] != (one.phone_number, one.lid)]


def _spots(found: Mapping[_Key, Chat], people: Iterable[Contact]) -> list[chat_flags.Spot]:
    return [chat_flags.spot_of(chat) for one in people if (chat := found.get((one.instance_id, one.id)))]


def _all_news(news: Iterable[News], addresses: Iterable[tuple[UUID, Address]]) -> list[News]:
    return [*news, *(News(instance_id=i, identity=address.identity) for i, address in addresses if address.identity)]


def _jids(addresses: Iterable[tuple[UUID, Address]]) -> list[known.Place]:
    return [(instance_id, address.jid) for instance_id, address in addresses if address.jid is not None]


def _found(people: Settlement, before: Iterable[Chat]) -> dict[_Key, Chat]:
    """The chats that were there, with the people as they are now."""
    found: dict[_Key, Chat] = {}
    for chat in before:
        if chat.contact is None:
            found[chat.instance_id, chat.jid or ""] = chat
        elif chat.contact.id in people.contacts:
            found[chat.instance_id, chat.contact.id] = replace(chat, contact=people.contacts[chat.contact.id])
    return found


async def _moved(tx: Tx, people: Settlement) -> dict[_Key, Chat]:
    """Those of contacts that others were merged into."""
    survivors = {merge.survivor_id for merge in people.merges}
    moved = await chats.of_contacts(tx, [people.contacts[id] for id in survivors]) if survivors else []
    return {(chat.instance_id, chat.contact.id): chat for chat in moved if chat.contact}


def _new_chat(id: UUID, instance_id: UUID, address: Address, people: Settlement) -> Chat:
    if address.identity is not None:
        return chats.chat_with(people.contact(instance_id, address.identity), id)
    return Chat(id=id, instance_id=instance_id, kind=address.kind, contact=None, jid=address.jid)
