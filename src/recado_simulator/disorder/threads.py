"""The threads of an untidy history: each chat with all that was said in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from recado_simulator.disorder.people import BY_LID, Named, Person
from recado_simulator.disorder.truth import ExpectedChat, ExpectedMessage
from recado_simulator.disorder.words import GROUPS
from recado_simulator.history import FOREVER, HistoryMessage, Rank

FIRST_GROUP = 120_363_000_000_000_000
SHARE_OF_GROUPS = 8
LARGEST_GROUP = 60
YEAR = 31_536_000


@dataclass(slots=True, kw_only=True, eq=False)
class Thread:
    """`jids` are the addresses under which it is told, more than one when a phone has split it.

    `tells_pair` says that the conversation names both addresses of the person. `told` has the messages with what must
    be known of each, from the oldest to the newest; `edits` changes of some, by their index; `unreadable` what nobody
    can read.
    """

    n: int
    jids: tuple[str, ...]
    person: Person | None = None
    tells_pair: bool = False
    subject: str = ""
    people: tuple[Person, ...] = ()
    by_lid: bool | None = None
    last_at: int = 0
    unread: int = 0
    is_marked_unread: bool = False
    is_archived: bool = False
    pinned_at: int | None = None
    muted_until: int | None = None
    is_complete: bool = True
    told: list[tuple[HistoryMessage, ExpectedMessage]] = field(default_factory=list)
    edits: dict[int, HistoryMessage] = field(default_factory=dict)
    unreadable: list[HistoryMessage] = field(default_factory=list)

    @property
    def jid(self) -> str:
        return self.jids[0]

    @property
    def is_group(self) -> bool:
        return self.person is None

    @property
    def members(self) -> list[tuple[str, Rank]]:
        ranks = {0: Rank.SUPERADMIN, 1: Rank.ADMIN}
        return [(self.address(person), ranks.get(n, Rank.REGULAR)) for n, person in enumerate(self.people)]

    def address(self, person: Person) -> str:
        """How a member appears in this group."""
        return (person.lid or person.pn) if self.by_lid else (person.pn or person.lid)

    def expected(self) -> ExpectedChat:
        person = self.person
        return ExpectedChat(
            jid=self.jid,
            pn=person.pn if person else "",
            lid=person.lid if person else "",
            is_group=self.is_group,
            subject=self.subject,
            members=tuple(self.members),
            unread=self.unread,
            is_marked_unread=self.is_marked_unread,
            is_archived=self.is_archived,
            pinned_at=self.pinned_at,
            muted_until=self.muted_until,
            is_complete=self.is_complete,
            last_at=self.told[-1][1].at if self.told else None,
            message_ids=tuple(expected.id for _, expected in self.told),
        )


def threads(source: Random, people: list[Person], count: int, ends_at: int) -> list[Thread]:
    """So many chats: one in eight is a group; the others are with people who differ in how they are addressed."""
    group_count = count // SHARE_OF_GROUPS
    groups = [group(source, n, people) for n in range(group_count)]
    partners = source.sample(people, count - group_count)
    direct = [conversation(source, group_count + n, person) for n, person in enumerate(partners)]
    found = [*groups, *direct]
    spread(source, groups, people)
    source.shuffle(found)
    for n, thread in enumerate(found):
        thread.n = n
        thread.last_at = ends_at - n * 4999 - source.randrange(4000)
        settle(source, thread, ends_at)
    return found


def group(source: Random, n: int, people: list[Person]) -> Thread:
    members = source.sample(people, min(len(people), source.randrange(2, LARGEST_GROUP)))
    return Thread(
        n=n,
        jids=(f"{FIRST_GROUP + n * 7_919_001}@g.us",),
        subject=f"{source.choice(GROUPS)} {n + 1}",
        people=tuple(members),
        by_lid=source.random() < 2 / 3,
    )


def spread(source: Random, groups: list[Thread], people: list[Person]) -> None:
    """Puts everybody that nobody else would tell of into some group."""
    if not groups:
        return
    for person in people:
        if person.named in (Named.MESSAGE, Named.NOWHERE):
            thread = source.choice(groups)
            if person not in thread.people:
                thread.people = (*thread.people, person)


def conversation(source: Random, n: int, person: Person) -> Thread:
    if not person.is_paired:
        return Thread(n=n, jids=(person.jid,), person=person)
    if person.named in BY_LID:
        return Thread(n=n, jids=(person.pn,), person=person)
    way = source.random()
    jids = (person.pn,) if way < 1 / 3 else (person.lid,) if way < 4 / 5 else (person.pn, person.lid)
    return Thread(n=n, jids=jids, person=person, tells_pair=len(jids) == 1 and source.random() < 1 / 2)


def settle(source: Random, thread: Thread, ends_at: int) -> None:
    """What the phone's owner has done with the chat."""
    thread.unread = source.randrange(1, 40) if source.random() < 1 / 5 else 0
    thread.is_marked_unread = not thread.unread and source.random() < 1 / 30
    thread.is_archived = source.random() < 1 / 12
    thread.pinned_at = ends_at - thread.n if source.random() < 1 / 100 or thread.n == 0 else None
    thread.muted_until = source.choice((FOREVER, ends_at + 20 * YEAR)) if source.random() < 1 / 20 else None
    thread.is_complete = source.random() < 9 / 10


def sizes(source: Random, chats: int, messages: int) -> list[int]:
    """How many messages each chat has: a few have many, one in a hundred has none."""
    weights = [0.0 if n % 100 == 99 else 1 / (n + 5) ** 0.7 for n in range(chats)]
    source.shuffle(weights)
    total = sum(weights)
    shares = [int(weight * messages / total) for weight in weights]
    with_some = [n for n, weight in enumerate(weights) if weight]
    for n in range(messages - sum(shares)):
        shares[with_some[n % len(with_some)]] += 1
    return shares
