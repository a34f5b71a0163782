"""The people of an untidy history: how each is addressed, and where their name is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from random import Random

from recado_simulator.disorder.truth import BookEntry, ExpectedContact
from recado_simulator.disorder.words import person_name
from recado_simulator.jid import LID_SERVER, PHONE_SERVER

FIRST_PHONE = 5_521_900_000_000
FIRST_LID = 210_000_000_000_000


class Named(Enum):
    """Where a person's name is told. BY_LID: under the LID, while everything else names the phone number."""

    BOOK = auto()
    BOOK_BY_LID = auto()
    PUSH = auto()
    PUSH_BY_LID = auto()
    MESSAGE = auto()
    NOWHERE = auto()


class Addressed(Enum):
    """Which addresses of a person can be known."""

    BOTH = auto()
    PHONE = auto()
    LID = auto()


# Half of all have their name in the book; parts of twenty.
SHARES = (
    (9, Named.BOOK),
    (1, Named.BOOK_BY_LID),
    (5, Named.PUSH),
    (1, Named.PUSH_BY_LID),
    (3, Named.MESSAGE),
    (1, Named.NOWHERE),
)
WAYS = (Addressed.BOTH,) * 5 + (Addressed.PHONE,) * 3 + (Addressed.LID,) * 2
BY_LID = (Named.BOOK_BY_LID, Named.PUSH_BY_LID)


@dataclass(slots=True, kw_only=True, eq=False)
class Person:
    """`pn` and `lid` are JIDs, empty when nobody knows them. `has_spoken` with the name on a message."""

    pn: str
    lid: str
    name: str
    named: Named
    has_spoken: bool = False

    @property
    def is_paired(self) -> bool:
        return bool(self.pn and self.lid)

    @property
    def jid(self) -> str:
        return self.pn or self.lid

    def book_entry(self, source: Random) -> BookEntry | None:
        """What the address book holds; with the LID beside the number in two of three cases."""
        if self.named is Named.BOOK:
            lid = self.lid if self.is_paired and source.random() < 2 / 3 else None
            return BookEntry(self.jid, self.name, lid)
        return BookEntry(self.lid, self.name, None) if self.named is Named.BOOK_BY_LID else None

    def push_name(self) -> tuple[str, str] | None:
        """The JID and name that PUSH_NAME tells."""
        if self.named is Named.PUSH:
            return self.jid, self.name
        return (self.lid, self.name) if self.named is Named.PUSH_BY_LID else None

    def expected(self) -> ExpectedContact:
        is_in_book = self.named in (Named.BOOK, Named.BOOK_BY_LID)
        is_pushed = self.named in (Named.PUSH, Named.PUSH_BY_LID) or (self.named is Named.MESSAGE and self.has_spoken)
        return ExpectedContact(
            pn=self.pn,
            lid=self.lid,
            book_name=self.name if is_in_book else "",
            push_name=self.name if is_pushed else "",
        )


def crowd(source: Random, count: int) -> list[Person]:
    """So many people in the shares above, shuffled."""
    named = [kind for share, kind in SHARES for _ in range(share)]
    people = [
        made(source, n, named[n * len(named) // count] if count < len(named) else named[n % len(named)])
        for n in range(count)
    ]
    source.shuffle(people)
    return people


def made(source: Random, n: int, named: Named) -> Person:
    way = Addressed.BOTH if named in BY_LID else source.choice(WAYS)
    return Person(
        pn="" if way is Addressed.LID else f"{FIRST_PHONE + n * 7919}@{PHONE_SERVER}",
        lid="" if way is Addressed.PHONE else f"{FIRST_LID + n * 104_729}@{LID_SERVER}",
        name=person_name(source),
        named=named,
    )
