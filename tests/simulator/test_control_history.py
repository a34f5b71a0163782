"""A phone's past, given and watched over HTTP."""

from __future__ import annotations

import pytest

from recado_simulator import Conversation, History, HistoryMessage
from recado_simulator.history import Rank
from tests.simulator.test_control import get, post

HISTORY = "/phones/5511999990001/history"
MARIA, GROUP = "5521988887777@s.whatsapp.net", "120363000000000001@g.us"


async def test_conversations_become_the_phones_history(http, phone):
    said = {"id": "M2", "at": 6, "text": "Oi", "is_from_me": True}
    heard = {"id": "M1", "at": 5, "text": "Olá", "sender": MARIA, "push_name": "Maria"}
    told = {"chat": GROUP, "messages": [said], "older": [heard], "name": "Equipe", "unread": 2}
    members = [{"jid": MARIA, "rank": "admin"}]

    status, _ = await post(http, HISTORY, conversations=[{**told, "members": members}], push_names={MARIA: "Maria"})

    assert status == 200
    assert phone.history == History(
        conversations=[
            Conversation(
                GROUP,
                messages=[HistoryMessage(id="M2", at=6, text="Oi", is_from_me=True)],
                older=[HistoryMessage(id="M1", at=5, text="Olá", sender=MARIA, push_name="Maria")],
                name="Equipe",
                unread=2,
                members=[(MARIA, Rank.ADMIN)],
            )
        ],
        push_names={MARIA: "Maria"},
    )


async def test_an_untidy_history_brings_its_address_book(http, phone):
    await post(http, HISTORY, untidy={"seed": 7, "chats": 5, "contacts": 10, "messages": 30})

    assert len(phone.history.messages) == 30
    assert phone.book.names == {entry.jid: entry.name for entry in phone.history.book}


async def test_it_is_offered_to_the_devices_that_are_linked(http, client):
    status, offered = await post(http, HISTORY, conversations=[{"chat": MARIA}], broken="gone")

    [offer] = offered["offers"]
    assert (status, offer["sync_type"], offer["device"]) == (200, "INITIAL_BOOTSTRAP", 1)
    assert (offer["receipts"], offer["reads"], offer["is_deleted"]) == ([], 0, False)
    assert (await get(http, HISTORY))[1] == offered


async def test_whether_the_phone_answers_can_be_said_alone(http, phone):
    await post(http, HISTORY, answers_requests=False, answers_inline=True)

    assert (phone.answers_requests, phone.answers_inline, phone.history) == (False, True, None)


@pytest.mark.parametrize(
    "body",
    [
        {"conversations": [{"messages": []}]},
        {"conversations": [{"chat": MARIA}], "broken": "leg"},
        {"untidy": {"seed": 1, "chats": 10, "contacts": 9}},
        {"untidy": {"colour": "red"}},
    ],
)
async def test_a_body_that_says_no_history_is_400(http, body):
    status, error = await post(http, HISTORY, **body)

    assert status == 400
    assert error["error"]
