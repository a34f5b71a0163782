"""Stories of a phone in somebody's hand: what is renamed, archived, muted, pinned or read there is so in the tables."""

from __future__ import annotations

import pytest

from recado_simulator.content import text_message
from tests.stories.ears import received
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]

NAMES = (
    "SELECT phone_number, name, is_saved FROM public.whatsapp_contacts WHERE merged_into IS NULL AND name IS NOT NULL"
)
KEPT = """
SELECT is_archived, pinned_at IS NOT NULL, muted_until::text, unread_count
FROM public.whatsapp_chats WHERE kind = 'person' AND merged_into IS NULL
"""
CODES = "SELECT code FROM recado.timeline WHERE code = 'app_state_wrong'"


async def stopped(recado, name: str = "loja") -> None:
    await recado.call("POST", f"/v1/instances/{name}/stop")
    await recado.until_state(name, "stopped")


async def started(recado, name: str = "loja") -> None:
    await recado.call("POST", f"/v1/instances/{name}/start")
    await recado.until_state(name, "connected")


@pytest.mark.parametrize("is_away", [False, True], ids=["while_connected", "while_away"])
async def test_what_is_changed_on_the_phone_is_so_in_the_tables(recado, network, phone, maria, sql, is_away):
    joao = network.add_contact("5511977776666", name="João")
    phone.book.save(maria, "Maria")
    phone.book.save(joao, "João")
    await recado.pair("loja", phone)
    await maria.send_text(phone, "Oi")
    [message] = await received(recado, 1)
    await until(lambda: set(sql(NAMES)) == {(maria.phone, "Maria", True), (joao.phone, "João", True)})
    if is_away:
        await stopped(recado)
    phone.book.save(maria, "Maria Silva")
    phone.book.remove(joao)
    phone.chats.archive(maria)
    phone.chats.pin(maria)
    phone.chats.mute(maria)
    phone.chats.mark_read(maria)
    if is_away:
        await started(recado)
    await until(lambda: sql(NAMES) == [(maria.phone, "Maria Silva", True)])
    await until(lambda: sql(KEPT) == [(True, True, "infinity", 0)])
    chat = await recado.call("GET", f"/v1/instances/loja/chats/{message['chat']['id']}")
    assert (chat["name"], chat["is_archived"]) == ("Maria Silva", True)
    phone.chats.archive(maria, on=False)
    phone.chats.mute(maria, on=False)
    phone.chats.pin(maria, on=False)
    await until(lambda: sql(KEPT) == [(False, False, None, 0)])


async def test_a_name_in_the_book_is_found_when_the_person_writes_from_the_lid(recado, network, phone, maria, sql):
    phone.book.save(maria, "Maria Silva", alternative=False)
    await recado.pair("loja", phone)
    await maria.send(phone, text_message("um"), address="lid", alternative=False)
    await received(recado, 1)
    await maria.send_text(phone, "dois", address="pn")
    await received(recado, 2)

    async def has_one_name() -> bool:
        messages = await received(recado, 2)
        return {message["sender"]["name"] for message in messages} == {"Maria Silva"}

    await until(has_one_name)
    one = "SELECT count(*) FROM public.whatsapp_contacts WHERE merged_into IS NULL AND (phone_number = %s OR lid = %s)"
    assert sql(one, maria.phone, maria.lid) == [(1,)]


async def test_data_that_is_wrong_is_read_anew_and_said_when_it_stays_so(recado, phone, maria, sql):
    phone.book.save(maria, "Maria")
    await recado.pair("loja", phone)
    await until(lambda: sql(NAMES) == [(maria.phone, "Maria", True)])
    phone.app_state.break_mac("critical_unblock_low", "patch", times=1)
    phone.book.save(maria, "Maria Silva")
    await until(lambda: sql(NAMES) == [(maria.phone, "Maria Silva", True)])
    assert sql(CODES) == []
    phone.app_state.break_mac("critical_unblock_low", "patch", times=99)
    phone.book.save(maria, "Maria Souza")
    await until(lambda: sql(CODES) == [("app_state_wrong",)])
    timeline = await recado.call("GET", "/v1/instances/loja/timeline", language="pt")
    assert "não podem ser lidos" in timeline["items"][0]["sentence"]
    assert sql(NAMES) == [(maria.phone, "Maria Silva", True)]
    phone.app_state.break_mac("critical_unblock_low", "patch", times=0)
    await stopped(recado)
    await started(recado)
    await until(lambda: sql(NAMES) == [(maria.phone, "Maria Souza", True)])
