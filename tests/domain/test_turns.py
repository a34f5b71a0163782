"""Whose turn it is: one message of a chat at a time and in order, chats side by side."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from recado.domain.jid import Identity
from recado.domain.sending import Queued
from recado.domain.turns import Turns

WINDOW = 3


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
    assert ids(turns.ready()) == ["1/1", "2/1"]


def test_a_chat_waits_for_its_message_under_way():
    turns = Turns(WINDOW)
    turns.admit([first := queued(1, 1), queued(1, 2)])
    turns.begin(first)
    assert turns.ready() == []
    turns.finish(first)
    assert ids(turns.ready()) == ["1/2"]


def test_no_more_than_the_window_is_ready():
    turns = Turns(WINDOW)
    turns.admit([queued(chat, 1) for chat in range(5)])
    assert ids(turns.ready()) == ["0/1", "1/1", "2/1"]
    for row in turns.ready():
        turns.begin(row)
    assert (turns.ready(), turns.room) == ([], 0)


def test_a_busy_chat_lets_others_go_before_it():
    turns = Turns(1)
    turns.admit([first := queued(1, 1), queued(1, 2), queued(2, 1)])
    turns.begin(first)
    turns.finish(first)
    assert ids(turns.ready()) == ["2/1"]


def test_a_message_that_is_held_stays_the_first_of_its_chat():
    turns = Turns(WINDOW)
    turns.admit([first := queued(1, 1), queued(1, 2)])
    turns.begin(first)
    turns.hold(replace(first, attempts=1), is_offline=False)
    assert turns.ready() == []
    turns.release(first.chat_id)
    assert [(row.wa_id, row.attempts) for row in turns.ready()] == [("1/1", 1)]


def test_coming_online_releases_only_those_that_waited_for_it():
    turns = Turns(WINDOW)
    turns.admit([one := queued(1, 1), other := queued(2, 1)])
    for row in (one, other):
        turns.begin(row)
    turns.hold(one, is_offline=True)
    turns.hold(other, is_offline=False)
    turns.come_online()
    assert ids(turns.ready()) == ["1/1"]


def test_what_has_not_begun_can_be_forgotten():
    turns = Turns(WINDOW)
    turns.admit([first := queued(1, 1), queued(1, 2), queued(2, 1)])
    turns.begin(first)
    turns.drop_waiting()
    assert set(turns.chats) == {first.chat_id}
    turns.finish(first)
    assert not turns.chats


def test_a_message_that_is_held_after_the_rest_was_forgotten_is_still_there():
    turns = Turns(WINDOW)
    turns.admit([first := queued(1, 1)])
    turns.begin(first)
    turns.drop_waiting()
    turns.hold(first, is_offline=True)
    turns.come_online()
    assert ids(turns.ready()) == ["1/1"]


class EveryOrder(RuleBasedStateMachine):
    """Any order of admissions, outcomes and releases sends each chat's messages in order, the window kept."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns(WINDOW)
        self.admitted: dict[int, int] = {}
        self.under_way: list[Queued] = []
        self.held: list[Queued] = []
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
        for row in self.turns.ready():
            self.turns.begin(row)
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
            self.turns.hold(row, is_offline=False)
            self.held.append(row)

    @rule()
    def release(self) -> None:
        if self.held:
            self.turns.release(self.held.pop(0).chat_id)

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
            for row in self.held:
                self.turns.release(row.chat_id)
            self.held.clear()
            self.begin()
            for row in self.under_way:
                self.turns.finish(row)
                self.done.append(row)
            self.under_way.clear()
        assert len(self.done) == sum(self.admitted.values())


TestEveryOrder = EveryOrder.TestCase
TestEveryOrder.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
