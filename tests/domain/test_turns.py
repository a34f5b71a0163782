"""Whose turn it is: one message of a chat at a time and in order, chats side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from recado.domain.jid import Identity
from recado.domain.pacing import Bucket, Span
from recado.domain.sending import Lane, Queued
from recado.domain.turns import Turns

WINDOW = 3
NOW = datetime(2026, 11, 24, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def paced() -> dict[Lane, Bucket]:
    """One stranger a second."""
    return {"new": Bucket(Span(least=SECOND, most=SECOND), 1, Random(1))}


def queued(chat: int, n: int) -> Queued:
    return Queued(
        message_id=UUID(int=1000 * chat + n),
        instance_id=UUID(int=1),
        instance_name="loja",
        chat_id=UUID(int=chat),
        wa_id=f"{chat}/{n}",
        wire="1@lid",
        content={},
        attempts=0,
        not_before=None,
        who=Identity(),
    )


def ids(rows: list[Queued]) -> list[str]:
    return [row.wa_id for row in rows]


def test_the_heads_of_chats_are_ready_in_the_order_of_the_queue():
    turns = Turns(WINDOW)
    turns.admit([queued(1, 1), queued(1, 2), queued(2, 1)])
    assert ids(turns.ready(NOW)) == ["1/1", "2/1"]


def test_a_chat_waits_for_its_message_under_way():
    turns = Turns(WINDOW)
    turns.admit([first := queued(1, 1), queued(1, 2)])
    turns.begin(first, NOW)
    assert turns.ready(NOW) == []
    turns.finish(first)
    assert ids(turns.ready(NOW)) == ["1/2"]


def test_no_more_than_the_window_is_ready():
    turns = Turns(WINDOW)
    turns.admit([queued(chat, 1) for chat in range(5)])
    assert ids(turns.ready(NOW)) == ["0/1", "1/1", "2/1"]
    for row in turns.ready(NOW):
        turns.begin(row, NOW)
    assert (turns.ready(NOW), turns.room("open", NOW)) == ([], 0)


def test_a_busy_chat_lets_others_go_before_it():
    turns = Turns(1)
    turns.admit([first := queued(1, 1), queued(1, 2), queued(2, 1)])
    turns.begin(first, NOW)
    turns.finish(first)
    assert ids(turns.ready(NOW)) == ["2/1"]


def test_a_message_that_is_held_stays_the_first_of_its_chat():
    turns = Turns(WINDOW)
    turns.admit([first := queued(1, 1), queued(1, 2)])
    turns.begin(first, NOW)
    turns.hold(replace(first, attempts=1), NOW + SECOND, is_offline=False)
    assert (turns.ready(NOW), turns.next_at(NOW)) == ([], NOW + SECOND)
    assert [(row.wa_id, row.attempts) for row in turns.ready(NOW + SECOND)] == [("1/1", 1)]


def test_coming_online_releases_only_those_that_waited_for_it():
    turns = Turns(WINDOW)
    turns.admit([one := queued(1, 1), other := queued(2, 1)])
    for row in (one, other):
        turns.begin(row, NOW)
    turns.hold(one, NOW + SECOND, is_offline=True)
    turns.hold(other, NOW + SECOND, is_offline=False)
    turns.come_online()
    assert ids(turns.ready(NOW)) == ["1/1"]


def test_what_has_not_begun_can_be_forgotten():
    turns = Turns(WINDOW)
    turns.admit([first := queued(1, 1), queued(1, 2), queued(2, 1)])
    turns.begin(first, NOW)
    turns.drop_waiting()
    assert set(turns.chats) == {first.chat_id}
    turns.finish(first)
    assert not turns.chats


def test_a_message_that_is_held_after_the_rest_was_forgotten_is_still_there():
    turns = Turns(WINDOW)
    turns.admit([first := queued(1, 1)])
    turns.begin(first, NOW)
    turns.drop_waiting()
    turns.hold(first, NOW + SECOND, is_offline=True)
    turns.come_online()
    assert ids(turns.ready(NOW)) == ["1/1"]


def test_what_was_taken_out_of_the_queue_holds_nothing_back():
    turns = Turns(WINDOW)
    turns.admit([first := replace(queued(1, 1), not_before=NOW + SECOND), queued(1, 2)])
    assert turns.ready(NOW) == []
    turns.remove(first.message_id)
    assert ids(turns.ready(NOW)) == ["1/2"]


def test_of_a_chat_with_nothing_left_nothing_is_remembered():
    turns = Turns(WINDOW)
    turns.admit([first := queued(1, 1)])
    turns.remove(first.message_id)
    assert (list(turns.chats), turns.next_at(NOW)) == ([], None)


def test_one_lane_can_be_forgotten_and_the_others_stay():
    turns = Turns(WINDOW)
    turns.admit([replace(queued(1, 1), lane="new"), queued(2, 1)])
    turns.drop_waiting("new")
    assert ids(turns.ready(NOW)) == ["2/1"]


def test_strangers_wait_for_their_pace_and_nobody_waits_for_them():
    turns = Turns(WINDOW, paced())
    turns.admit([replace(queued(chat, 1), lane="new") for chat in (1, 2)] + [queued(3, 1), queued(4, 1)])
    for row in turns.ready(NOW):
        turns.begin(row, NOW)
    assert sorted(turns.under_way) == [UUID(int=1001), UUID(int=3001), UUID(int=4001)]


def test_a_chat_that_moves_to_another_lane_goes_at_its_pace():
    turns = Turns(WINDOW, paced())
    turns.admit([replace(queued(chat, 1), lane="new") for chat in (1, 2)])
    turns.begin(turns.ready(NOW)[0], NOW)
    assert (turns.ready(NOW), turns.next_at(NOW)) == ([], NOW + SECOND)
    turns.move(UUID(int=2), "open")
    assert ids(turns.ready(NOW)) == ["2/1"]


def test_a_lane_that_is_full_leaves_room_in_the_others():
    turns = Turns(WINDOW, paced())
    turns.admit([replace(queued(chat, 1), lane="new") for chat in range(WINDOW)])
    assert (turns.room("new", NOW), turns.room("open", NOW)) == (0, WINDOW)


class EveryOrder(RuleBasedStateMachine):
    """Any order of admissions, outcomes and releases sends each chat's messages in order, the window kept."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns(WINDOW)
        self.admitted: dict[int, int] = {}
        self.under_way: list[Queued] = []
        self.now = NOW
        self.done: list[Queued] = []

    @rule(chat=st.integers(1, 4), count=st.integers(1, 3))
    def admit(self, chat: int, count: int) -> None:
        if UUID(int=chat) in self.turns.chats:
            return
        start = self.admitted.get(chat, 0)
        self.turns.admit([queued(chat, start + n) for n in range(count)])
        self.admitted[chat] = start + count

    @rule()
    def begin(self) -> None:
        for row in self.turns.ready(self.now):
            self.turns.begin(row, self.now)
            self.under_way.append(row)

    @rule(data=st.data(), is_sent=st.booleans())
    def end(self, data: st.DataObject, is_sent: bool) -> None:
        if not self.under_way:
            return
        row = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        if is_sent:
            self.turns.finish(row)
            self.done.append(row)
        else:
            self.turns.hold(row, self.now + SECOND, is_offline=False)

    @rule()
    def pass_time(self) -> None:
        self.now += SECOND

    @invariant()
    def the_window_is_kept(self) -> None:
        assert len(self.under_way) <= WINDOW

    @invariant()
    def one_of_a_chat_is_under_way(self) -> None:
        chats = [row.chat_id for row in self.under_way]
        assert len(chats) == len(set(chats))

    @invariant()
    def each_chat_goes_in_order(self) -> None:
        for chat in self.admitted:
            sent = [row.message_id for row in self.done if row.chat_id == UUID(int=chat)]
            assert sent == [UUID(int=1000 * chat + n) for n in range(len(sent))]

    def teardown(self) -> None:
        while self.turns.chats:
            self.pass_time()
            self.begin()
            for row in self.under_way:
                self.turns.finish(row)
                self.done.append(row)
            self.under_way.clear()
        assert len(self.done) == sum(self.admitted.values())


TestEveryOrder = EveryOrder.TestCase
TestEveryOrder.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
