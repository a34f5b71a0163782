"""Instances over HTTP."""

from __future__ import annotations

from urllib.parse import quote

from recado.runtime import Runtime
from tests.api.door import Door
from tests.engines.fake import FakeEngine
from tests.waiting import until


async def row(door: Door, name: str) -> dict:
    return (await door.get(f"/v1/instances/{name}")).body


async def test_a_new_instance_is_connecting(door: Door):
    made = await door.post("/v1/instances", {"instance_name": "loja"})
    assert (made.status, made.body["status"], made.body["wanted"]) == (201, "connecting", "running")


async def test_a_new_instance_need_not_start(door: Door):
    made = await door.post("/v1/instances", {"instance_name": "loja", "start": False})
    assert (made.body["status"], made.body["wanted"]) == ("disconnected", "stopped")


async def test_a_connected_instance_shows_its_number(door: Door, loja: str):
    shown = await row(door, loja)
    assert (shown["status"], shown["phone_number"], shown["push_name"]) == ("connected", "5511999990001", "Loja")


async def test_an_adopted_name_is_url_encoded_in_paths(door: Door, runtime: Runtime):
    async with runtime.database.transaction() as tx:
        await tx.execute("INSERT INTO public.whatsapp_instances (instance_name) VALUES ('Loja São Paulo')")
    assert (await row(door, quote("Loja São Paulo")))["instance_name"] == "Loja São Paulo"


async def test_the_list_goes_on_where_a_page_ended(door: Door):
    for name in ("a", "b", "c"):
        await door.instance(name)
    first = (await door.get("/v1/instances?limit=2")).body
    second = (await door.get("/v1/instances", params={"limit": 2, "after": first["next"]})).body
    names = [one["instance_name"] for page in (first, second) for one in page["items"]]
    assert (names, second["next"]) == (["a", "b", "c"], None)


async def test_the_list_can_be_searched(door: Door):
    await door.instance("loja-1")
    await door.instance("filial")
    found = (await door.get("/v1/instances?search=LOJA")).body["items"]
    assert [one["instance_name"] for one in found] == ["loja-1"]


async def test_the_owner_can_be_changed_and_what_is_not_named_stays(door: Door):
    owner = "11111111-2222-4333-8444-555555555555"
    await door.instance()
    await door.patch("/v1/instances/loja", {"owner_id": owner})
    changed = await door.patch("/v1/instances/loja", {})
    assert (changed.status, changed.body["owner_id"]) == (200, owner)


async def test_stop_and_start_write_what_is_wanted(door: Door, loja: str):
    stopped = await door.post(f"/v1/instances/{loja}/stop")
    assert (stopped.status, stopped.body["wanted"]) == (202, "stopped")

    async def is_stopped() -> bool:
        return (await row(door, loja))["state"] == "stopped"

    await until(is_stopped)
    assert (await door.post(f"/v1/instances/{loja}/start")).body["wanted"] == "running"


async def test_force_update_shows_before_and_after(door: Door, loja: str, engine: FakeEngine):
    id = (await row(door, loja))["id"]
    engine.open[id].state = "disconnected"
    changed = (await door.post(f"/v1/instances/{loja}/force-update")).body
    assert (changed["before"]["status"], changed["after"]["status"]) == ("connected", "disconnected")


async def test_a_removed_instance_is_gone(door: Door, loja: str):
    assert (await door.delete(f"/v1/instances/{loja}")).status == 204
    assert (await door.get(f"/v1/instances/{loja}")).code == "unknown_instance"


async def test_the_timeline_tells_in_the_language_asked_for(door: Door, loja: str):
    english = (await door.get(f"/v1/instances/{loja}/timeline")).body["items"]
    portuguese = (await door.get(f"/v1/instances/{loja}/timeline?language=pt")).body["items"]
    assert english[0]["code"] == portuguese[0]["code"] == "connected"
    assert (english[0]["sentence"], portuguese[0]["sentence"]) == ("Connected.", "Conectada.")
