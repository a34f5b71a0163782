"""A large and untidy history, with the truth about it: overlapping chunks, late names, edits before their originals."""

from __future__ import annotations

from random import Random

from recado_simulator.disorder.dealing import Deal
from recado_simulator.disorder.people import Person, crowd
from recado_simulator.disorder.talk import Talk
from recado_simulator.disorder.threads import Thread, sizes, threads
from recado_simulator.disorder.truth import (
    BookEntry,
    ExpectedChat,
    ExpectedContact,
    ExpectedMessage,
    UntidyHistory,
)

UNREADABLE = 7
ENDS_AT = 1_760_000_000  # 2025-10-09: before anything that is sent live

__all__ = ["BookEntry", "ExpectedChat", "ExpectedContact", "ExpectedMessage", "UntidyHistory", "untidy"]


def untidy(seed: int, chats: int = 500, contacts: int = 3_000, messages: int = 50_000) -> UntidyHistory:
    """Makes one; the same arguments make the same. Raises ValueError for more chats than contacts can have."""
    if contacts < chats:
        raise ValueError(f"{contacts} contacts are not enough for {chats} chats")
    source = Random(f"untidy/{seed}/{chats}/{contacts}/{messages}")
    people = crowd(source, contacts)
    found = threads(source, people, chats, ENDS_AT)
    for thread, size in zip(found, sizes(source, chats, messages), strict=True):
        Talk(source, thread).fill(size)
    for _ in range(UNREADABLE):
        Talk(source, source.choice(found)).garble()
    return told(seed, source, people, found)


def told(seed: int, source: Random, people: list[Person], found: list[Thread]) -> UntidyHistory:
    """Deals the threads out, and says what must be known in the end."""
    deal = Deal(source)
    for thread in found:
        deal.cut(thread)
    push_names = [pair for person in people if (pair := person.push_name())]
    told_by_chat = {thread.person for thread in found if thread.tells_pair}
    lids = [(person.pn, person.lid) for person in people if person.is_paired and person not in told_by_chat]
    chunks = tuple(deal.chunks(push_names, lids))
    messages = tuple(expected for thread in found for _, expected in thread.told)
    known = {person for thread in found for person in (thread.person, *thread.people) if person}
    book = [(person, person.book_entry(source)) for person in people]
    named = known.union(person for person, entry in book if entry or person.push_name())
    return UntidyHistory(
        seed=seed,
        chunks=chunks,
        book=tuple(entry for _, entry in book if entry),
        contacts=tuple(person.expected() for person in people if person in named),
        chats=tuple(thread.expected() for thread in found),
        messages=messages,
        unreadable=UNREADABLE,
        repeated=sum(chunk.messages for chunk in chunks) - UNREADABLE - len(messages),
    )
