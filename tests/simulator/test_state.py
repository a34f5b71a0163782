"""What a restart of the simulator finds again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from recado_simulator import Network, NetworkOptions
from recado_simulator.content import text_message, text_of
from tests.simulator.client import Client
from tests.simulator.test_messages import send

PHONE, MARIA = "5511999990001", "5511988887777"


@pytest.fixture
def options(tmp_path):
    return NetworkOptions(seed=7, state_dir=tmp_path)


@pytest.fixture
async def away(options):
    """A client that was linked, with one message kept for it, and a network that has ended since."""
    async with Network(options) as network:
        phone, maria = network.add_phone(PHONE, name="Loja"), network.add_contact(MARIA, name="Maria")
        client = Client(network)
        await client.pair(phone)
        await client.login()
        await client.upload_prekeys(20)
        await maria.send_text(phone, "antes")
        client.read(message := await client.next("message"))
        await client.receipt(message)
        await network.ledger.wait(lambda ledger: ledger.confirmed(phone))
        await client.close()
        await maria.send_text(phone, "enquanto")
    return client


async def test_the_root_key_stays(options, away):
    root = away.network.root_key

    assert Network(options).root_key == root


async def test_the_device_logs_in_and_gets_what_was_kept(options, away):
    async with Network(options) as network:
        away.network = network
        await away.login()

        assert text_of(away.read(await away.next("message"))) == "enquanto"
        await away.close()


async def test_the_ledger_goes_on(options, away):
    async with Network(options) as network:
        assert [row.confirmed_by for row in network.ledger.inbound(PHONE)] == ["delivery", None]


async def test_names_and_numbers_stay(options, away):
    network = Network(options)

    assert (network.add_phone(PHONE).name, network.add_contact(MARIA).name) == ("Loja", "Maria")


async def test_both_sides_go_on_in_their_sessions(options, away):
    async with Network(options) as network:
        away.network = network
        maria = network.add_contact(MARIA)
        await away.login()
        away.read(await away.next("message"))
        await send(away, maria, text_message("resposta"))

        assert await maria.wait_text() == "resposta"
        await maria.send_text(PHONE, "e mais")
        assert text_of(away.read(await away.next("message"))) == "e mais"
        await away.close()


async def test_after_a_crash_a_contact_begins_a_new_session(options, away, tmp_path):
    file = tmp_path / "network.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "is_clean": False}))
    async with Network(options) as network:
        away.network = network
        await away.login()
        await network.add_contact(MARIA).send_text(PHONE, "depois")

        assert [text_of(away.read(await away.next("message"))) for _ in range(2)] == ["enquanto", "depois"]
        await away.close()


async def test_ids_of_the_run_before_do_not_come_again(options, away):
    before = {row.id for row in away.network.ledger.rows()}
    network = Network(options)

    assert not before & {network.message_id() for _ in range(10)}


async def test_the_file_is_for_its_owner_alone(away, tmp_path):
    assert (tmp_path / "network.json").stat().st_mode & 0o777 == 0o600


async def test_without_a_directory_nothing_is_written(options, tmp_path):
    async with Network(replace(options, state_dir=None)) as network:
        network.add_phone(PHONE)

    assert not list(tmp_path.iterdir())


async def test_many_runs_can_begin_at_the_same_point(options, away, tmp_path):
    kept = (tmp_path / "network.json").read_bytes()
    async with Network(replace(options, save="never")) as network:
        away.network = network
        await away.login()
        away.read(message := await away.next("message"))
        await away.receipt(message)
        await network.ledger.wait(lambda ledger: len(ledger.confirmed(PHONE)) == 2)
        await away.close()

    assert (tmp_path / "network.json").read_bytes() == kept


async def test_what_was_prepared_waits_through_a_restart(options, away):
    async with Network(options) as network:
        maria = network.add_contact(MARIA)
        network.enqueue(maria.prepare(PHONE, [text_message("eins"), text_message("zwei")]))
    async with Network(options) as network:
        away.network = network
        await away.login()

        texts = [text_of(away.read(await away.next("message"))) for _ in range(3)]
        assert texts == ["enquanto", "eins", "zwei"]
        await away.close()
