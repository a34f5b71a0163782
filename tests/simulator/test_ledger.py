"""The ledger: rows, counts, and waiting for them."""

from __future__ import annotations

import asyncio

import pytest

from recado_simulator.ledger import Ledger, LedgerRow


def row(id: str = "3EB0", **fields) -> LedgerRow:
    known = {"account": "55119", "device": 1, "sender": "1@lid", "recipient": "2:1@lid", "queued_at": 1.0}
    return LedgerRow(**{"direction": "in", "id": id, **known, **fields})


def test_the_same_message_for_the_same_device_is_one_row():
    ledger = Ledger()

    assert ledger.open(row()) is ledger.open(row())
    assert len(ledger) == 1


@pytest.mark.parametrize("other", [{"device": 2}, {"sender": "3@lid"}, {"account": "55118"}, {"direction": "out"}])
def test_another_device_chat_account_or_direction_is_another_row(other):
    ledger = Ledger()
    ledger.open(row())
    ledger.open(row(**other))

    assert len(ledger) == 2


def test_confirmed_and_unconfirmed_are_told_apart():
    ledger = Ledger()
    first, second = ledger.open(row("A")), ledger.open(row("B"))
    ledger.confirm(first, "inactive", 2.0)

    assert ledger.confirmed("55119") == [first]
    assert ledger.unconfirmed("55119") == [second]


def test_a_message_that_is_sent_anew_is_unconfirmed_again():
    ledger = Ledger()
    held = ledger.open(row())
    ledger.confirm(held, "retry", 2.0)
    ledger.reopen(held)

    assert ledger.confirmed("55119") == []
    assert held.retries == 1


def test_an_id_of_two_chats_is_not_one_row():
    ledger = Ledger()
    ledger.open(row())
    ledger.open(row(sender="3@lid"))

    with pytest.raises(LookupError, match="2 rows"):
        ledger.row("55119", "3EB0")


async def test_waiting_ends_when_the_condition_holds():
    ledger = Ledger()
    held = ledger.open(row())

    async def confirm() -> None:
        ledger.confirm(held, "inactive", 2.0)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(ledger.wait(lambda ledger: ledger.confirmed("55119")))
        tasks.create_task(confirm())


async def test_waiting_in_vain_says_how_far_it_came():
    ledger = Ledger()
    ledger.open(row())

    with pytest.raises(TimeoutError, match="'in': 1, 'offered': 0"):
        await ledger.wait(lambda ledger: ledger.confirmed("55119"), timeout=0.01)


async def test_a_condition_that_fails_fails_the_wait():
    ledger = Ledger()

    with pytest.raises(LookupError):
        await ledger.wait(lambda ledger: ledger.row("55119", "none"))
