"""What a restart of the simulator finds of app state."""

from __future__ import annotations

from dataclasses import replace

from recado_simulator import Network
from recado_simulator.app_state.actions import COLLECTIONS
from tests.simulator.app_state_reads import CONTACTS, ask, patches, snapshot, versions
from tests.simulator.client import Client


async def test_everything_is_as_it_was(options, tmp_path):
    options = replace(options, state_dir=tmp_path)
    async with Network(options) as network:
        phone = network.add_phone("5511999990001", name="Loja")
        phone.book.save("5511900000001", "Ana")
        client = Client(network)
        await client.pair(phone)
        await client.login()
        phone.book.save("5511900000002", "Bia")
        phone.app_state.snapshot(CONTACTS)
        phone.book.remove("5511900000001")
        phone.app_state.new_key(share=False)
        before = await everything(client, phone)
        await client.close()

    async with Network(options) as client.network:
        phone = client.network.add_phone("5511999990001")
        await client.login()

        assert await everything(client, phone) == before
        assert phone.book.names == {"5511900000002@s.whatsapp.net": "Bia"}
        phone.book.save("5511900000003", "Caio")
        assert versions(await ask(client, CONTACTS, 2)) == [3, 4]
        await client.close()


async def everything(client, phone) -> list:
    """Keys, entries and what is answered about a collection, from the start and since a version."""
    state = phone.app_state
    entries = [state.entries(name) for name in COLLECTIONS]
    whole = await snapshot(client.network, await ask(client, CONTACTS))
    return [state.keys, entries, whole, patches(await ask(client, CONTACTS, 1))]
