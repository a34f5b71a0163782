"""Questions about messages, chats and people that cannot be answered: each is refused with what is wrong."""

from __future__ import annotations

import pytest

from tests.api.door import Door, House

HERE = "/v1/instances/loja"


@pytest.fixture
def door(house: House) -> Door:
    return house.door


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"search": "a"}, "search", "search_too_short"),
        ({"search": "&|!"}, "search", "search_without_words"),
        ({"search": ""}, "search", "search_without_words"),
        ({"search": "de o a"}, "search", "search_too_common"),
        ({"search": "x" * 201}, "search", "search_too_long"),
        ({"search": "oi\0"}, "search", "invalid_field"),
        ({"search": "oi", "after": "bm8"}, "after", "wrong_cursor"),
        ({"search": "oi", "before": "bm8"}, "before", "not_together"),
        ({"around": "x", "search": "oi"}, "search", "not_together"),
        ({"around": "x", "after": "bm8"}, "after", "not_together"),
        ({"after": "bm8", "before": "bm8"}, "before", "one_direction"),
        ({"after": "bm8"}, "after", "wrong_cursor"),
        ({"before": "bm8"}, "before", "wrong_cursor"),
        ({"before": "x" * 301}, "before", "invalid_field"),
        ({"chat": "x"}, "chat", "invalid_field"),
        ({"from_me": "maybe"}, "from_me", "invalid_field"),
        ({"since": "yesterday"}, "since", "invalid_field"),
        ({"since": "2026-11-24T10:00:00"}, "since", "invalid_field"),
        ({"limit": "0"}, "limit", "invalid_field"),
    ],
)
async def test_a_question_that_cannot_be_answered(door: Door, query: dict[str, str], field: str, code: str):
    answer = await door.get(f"{HERE}/messages", params=query)
    assert (answer.status, answer.code, answer.body["field"]) == (422, code, field)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/chats?after=bm8", "after"),
        ("/chats?kind=family", "kind"),
        ("/chats?archived=maybe", "archived"),
        ("/chats?search=" + "x" * 101, "search"),
        ("/contacts?after=bm8", "after"),
        ("/contacts?saved=maybe", "saved"),
        ("/contacts?search=%00", "search"),
        ("/chats/7", "chat_id"),
        ("/contacts/7", "contact_id"),
    ],
)
async def test_a_list_that_cannot_be_shown(door: Door, path: str, field: str):
    answer = await door.get(HERE + path)
    assert (answer.status, answer.body["field"]) == (422, field)
    assert answer.code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/messages/nothing", "unknown_message"),
        ("/messages?around=nothing", "unknown_message"),
        ("/messages?chat=019ce000-0000-7000-8000-000000000000", "unknown_chat"),
        ("/messages?search=oi&chat=019ce000-0000-7000-8000-000000000000", "unknown_chat"),
        ("/chats/019ce000-0000-7000-8000-000000000000", "unknown_chat"),
        ("/contacts/019ce000-0000-7000-8000-000000000000", "unknown_contact"),
    ],
)
async def test_what_there_is_not(door: Door, path: str, code: str):
    answer = await door.get(HERE + path)
    assert (answer.status, answer.code) == (404, code)
