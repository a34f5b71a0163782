"""Stories of a phone: it pairs, is unlinked, is opened elsewhere, and everything starts again around it."""

from __future__ import annotations

import pytest

from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]


async def test_a_phone_pairs_by_qr_and_the_table_says_so(recado, phone, sql):
    row = await recado.pair("loja", phone)
    assert (row["status"], row["phone_number"]) == ("connected", phone.phone)
    query = "SELECT status, phone_number, qr_code FROM public.whatsapp_instances"
    await until(lambda: sql(query) == [("connected", phone.phone, None)])


async def test_a_phone_pairs_by_code(recado, phone):
    await recado.call("POST", "/v1/instances", {"instance_name": "loja"})
    await recado.until_state("loja", "awaiting_scan")
    made = await recado.call("POST", "/v1/instances/loja/pairing-code", {"phone": f"+{phone.phone}"})
    await phone.enter_code(made["code"])
    row = await recado.until_state("loja", "connected")
    assert row["phone_number"] == phone.phone


async def test_the_phone_unlinks_and_the_instance_says_why_and_stays_out(recado, phone, sql):
    await recado.pair("loja", phone)
    await phone.unlink()
    row = await recado.until_state("loja", "logged_out")
    assert row["status"] == "disconnected"
    assert row["user_action"]
    timeline = await recado.call("GET", "/v1/instances/loja/timeline", language="pt")
    assert any("desvincul" in entry["sentence"] or "celular" in entry["sentence"] for entry in timeline["items"])


async def test_after_an_unlink_one_call_leads_to_a_new_qr(recado, phone):
    await recado.pair("loja", phone)
    await phone.unlink()
    await recado.until_state("loja", "logged_out")
    await recado.call("POST", "/v1/instances/loja/start")
    await recado.until_state("loja", "awaiting_scan")
    await phone.scan((await recado.call("GET", "/v1/instances/loja/qr"))["qr"])
    assert (await recado.until_state("loja", "connected"))["phone_number"] == phone.phone


async def test_a_session_opened_elsewhere_is_a_conflict_with_a_time_to_come_back(recado, network, phone):
    await recado.pair("loja", phone)
    network.faults.conflict(phone)
    row = await recado.until_state("loja", "conflict")
    assert row["status"] == "disconnected"
    assert row["next_at"] is not None


async def test_everything_starts_again_and_the_session_is_kept(recado, network, phone, maria):
    await recado.pair("loja", phone)
    assert await recado.stop() == 0
    wa_id = await maria.send_text(phone, "while you were away")
    await recado.start()
    await recado.until_state("loja", "connected")
    await network.ledger.wait(lambda ledger: ledger.row(phone, wa_id).confirmed_at, timeout=30)
    page = await recado.call("GET", "/v1/instances/loja/messages")
    assert [message["text"] for message in page["items"]] == ["while you were away"]


async def test_recado_killed_with_9_is_told_as_it_is_after_the_next_start(recado, phone):
    await recado.pair("loja", phone)
    await recado.kill()
    await recado.start()
    assert (await recado.until_state("loja", "connected"))["phone_number"] == phone.phone
