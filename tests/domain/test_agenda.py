"""What is read next, and when: in the order of the collections, from the start at most once a minute."""

from __future__ import annotations

from datetime import timedelta

from recado.domain.agenda import Agenda
from recado.domain.sync import COLLECTIONS
from tests.stillclock import START

MINUTE = timedelta(minutes=1)


def taken(agenda: Agenda, at: timedelta = timedelta()) -> list[tuple[str, bool]]:
    found = []
    while (due := agenda.take(START + at)) is not None:
        found.append(due)
    return found


def test_all_that_is_due_comes_in_the_order_of_the_collections():
    agenda = Agenda()
    for name in reversed(COLLECTIONS):
        agenda.ask(name, START)
    assert taken(agenda) == [(name, False) for name in COLLECTIONS]
    assert agenda.next_at is None


def test_what_is_not_due_waits():
    agenda = Agenda()
    agenda.ask("regular", START + MINUTE)
    assert (taken(agenda), agenda.next_at, agenda.is_due(START)) == ([], START + MINUTE, False)
    assert taken(agenda, MINUTE) == [("regular", False)]


def test_a_read_from_the_start_is_the_other_one_too():
    agenda = Agenda()
    agenda.ask("regular", START)
    agenda.ask("regular", START, is_full=True)
    assert taken(agenda) == [("regular", True)]


def test_the_earlier_of_two_wishes_counts():
    agenda = Agenda()
    agenda.ask("regular", START + MINUTE)
    agenda.ask("regular", START)
    agenda.ask("regular", START + 2 * MINUTE)
    assert taken(agenda) == [("regular", False)]
    assert agenda.next_at is None


def test_a_collection_that_is_none_is_not_read():
    agenda = Agenda()
    agenda.ask("odd", START)
    assert agenda.next_at is None


def test_reads_for_removals_are_gathered_into_one_a_minute():
    agenda = Agenda()
    agenda.ask_full_soon("regular", START)
    assert taken(agenda) == [("regular", True)]
    agenda.ask_full_soon("regular", START + MINUTE / 6)
    agenda.ask_full_soon("regular_low", START + MINUTE / 3)
    assert taken(agenda, MINUTE / 2) == []
    assert taken(agenda, MINUTE) == [("regular", True), ("regular_low", True)]
    agenda.ask_full_soon("regular", START + 3 * MINUTE)
    assert taken(agenda, 3 * MINUTE) == [("regular", True)]
