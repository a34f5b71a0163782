"""Linking a device: by QR code, by a typed code, and what a phone refuses."""

from __future__ import annotations

import asyncio

import pytest

from recado_simulator import NetworkOptions, ScanRefused
from recado_simulator.jid import NETWORK, Jid
from recado_simulator.keys import KeyPair, encrypt_gcm, hkdf
from recado_simulator.link_code import unwrap, wrap
from recado_simulator.node import Node
from tests.simulator.client import Client, Closed
from tests.waiting import until

CODE = "ABCD-EFGH"


async def test_six_codes_are_offered(unlinked):
    assert len(await unlinked.codes()) == 6


async def test_a_scanned_device_is_linked_and_asked_to_restart(network, phone):
    client = Client(network)

    await client.pair(phone)

    assert client.jid == Jid(phone.phone, "s.whatsapp.net", 1)
    assert client.lid == phone.account.lid_jid.of_device(1)


async def test_the_next_device_gets_the_next_number(network, phone):
    for name in ("first", "second"):
        client = Client(network, name)
        await client.pair(phone)

    assert list(phone.account.devices) == [1, 2]


async def test_any_of_the_six_codes_can_be_scanned(phone, unlinked):
    codes = await unlinked.codes()
    scanning = asyncio.create_task(phone.scan(codes[5]))
    await unlinked.finish_pairing()
    await scanning

    assert unlinked.jid is not None


async def test_a_text_that_is_no_code_is_refused(phone):
    with pytest.raises(ScanRefused, match="has 4 or 5 parts"):
        await phone.scan("https://example.com")


async def test_a_code_of_another_network_is_refused(phone, unlinked):
    code = (await unlinked.codes())[0]

    with pytest.raises(ScanRefused, match="unknown ref"):
        await phone.scan(code.replace("2@", "9@"))


async def test_a_code_with_other_keys_than_the_device_is_refused(network, phone, unlinked):
    other = Client(network, "other")
    ours, _, rest = (await unlinked.codes())[0].partition(",")
    await other.connect()
    theirs = (await other.codes())[0].partition(",")[2]
    await other.close()

    assert rest != theirs
    with pytest.raises(ScanRefused, match="not those of the device"):
        await phone.scan(f"{ours},{theirs}")


async def test_a_code_of_a_client_that_has_gone_is_expired(network, phone):
    client = Client(network)
    await client.connect()
    code = (await client.codes())[0]
    await client.close()
    await until(lambda: not network.pairings._offers)

    with pytest.raises(ScanRefused, match="expired ref"):
        await phone.scan(code)


class TestShortCodes:
    @pytest.fixture
    def options(self):
        return NetworkOptions(seed=7, qr_first_ms=1, qr_next_ms=30)

    async def test_a_client_is_sent_away_when_its_last_code_has_expired(self, unlinked):
        with pytest.raises(Closed):
            await unlinked.next("never")


class TestAShortFirstCode:
    @pytest.fixture
    def options(self):
        return NetworkOptions(seed=7, qr_first_ms=1)

    async def test_the_first_code_expires_before_the_others(self, phone, unlinked):
        codes = await unlinked.codes()
        loop = asyncio.get_running_loop()
        first = next(iter(phone.network.pairings._offers[0].refs.values()))
        await until(lambda: loop.time() >= first)

        with pytest.raises(ScanRefused, match="expired ref"):
            await phone.scan(codes[0])


async def hello(client: Client, phone, ephemeral: KeyPair) -> str:
    """Asks for a pairing by code, as a client does that shows CODE; returns the ref."""
    wrapped = wrap(CODE.replace("-", ""), ephemeral.public, client.signal.random)
    children = [
        Node("link_code_pairing_wrapped_companion_ephemeral_pub", {}, wrapped),
        Node("companion_server_auth_key_pub", {}, client.noise.public),
    ]
    attrs = {"jid": phone.account.phone_jid, "stage": "companion_hello"}
    answer = await client.ask("md", Node("link_code_companion_reg", attrs, children), type="set")
    return answer.first("link_code_companion_reg", "link_code_pairing_ref").data.decode()


async def finish(client: Client, phone, ephemeral: KeyPair) -> None:
    """Answers the phone's notification; a client that was shown another code cannot tell."""
    notification = await client.next("notification")
    told = notification.first("link_code_companion_reg")
    wrapped = told.first("link_code_pairing_wrapped_primary_ephemeral_pub").data
    primary = told.first("primary_identity_pub").data
    shared = ephemeral.agree(unwrap(CODE.replace("-", ""), wrapped))
    random, salt, nonce = bytes(32), bytes(32), bytes(12)
    identity = client.signal.identity
    key = hkdf(shared, salt=salt, info=b"link_code_pairing_key_bundle_encryption_key", size=32)
    sealed = encrypt_gcm(key, nonce, identity.public + primary + random)
    client.adv_secret = hkdf(shared + identity.agree(primary) + random, info=b"adv_secret", size=32)
    children = [
        Node("link_code_pairing_wrapped_key_bundle", {}, salt + nonce + sealed),
        Node("companion_identity_public", {}, identity.public),
        Node("link_code_pairing_ref", {}, told.first("link_code_pairing_ref").data),
    ]
    attrs = {"jid": phone.account.phone_jid, "stage": "companion_finish"}
    await client.ask("md", Node("link_code_companion_reg", attrs, children), type="set")


async def test_a_device_is_linked_by_the_code_it_shows(phone, unlinked):
    ephemeral = KeyPair.generate(unlinked.signal.random)
    await unlinked.codes()
    await hello(unlinked, phone, ephemeral)
    entering = asyncio.create_task(phone.enter_code(CODE))
    await finish(unlinked, phone, ephemeral)
    await unlinked.finish_pairing()
    await entering

    assert unlinked.jid == phone.account.phone_jid.of_device(1)


async def test_a_mistyped_code_is_refused_and_the_right_one_still_works(phone, unlinked):
    ephemeral = KeyPair.generate(unlinked.signal.random)
    await unlinked.codes()
    await hello(unlinked, phone, ephemeral)
    mistyped = asyncio.create_task(phone.enter_code("ABCD-EFGJ"))
    await finish(unlinked, phone, ephemeral)
    with pytest.raises(ScanRefused, match="another code was typed"):
        await mistyped
    entering = asyncio.create_task(phone.enter_code(CODE))
    await finish(unlinked, phone, ephemeral)
    await unlinked.finish_pairing()
    await entering

    assert list(phone.account.devices) == [1]


async def test_a_code_that_nobody_waits_for_is_refused(phone):
    with pytest.raises(ScanRefused, match="no device is waiting"):
        await phone.enter_code(CODE)


async def test_a_code_for_a_number_that_nobody_has_is_refused_by_the_network(unlinked, phone):
    await unlinked.codes()
    attrs = {"jid": Jid("5511900000000", "s.whatsapp.net"), "stage": "companion_hello"}

    answer = await unlinked.ask("md", Node("link_code_companion_reg", attrs), type="set")

    assert answer.first("error").text("code") == "404"


async def test_a_device_that_refuses_is_not_linked(phone, unlinked):
    codes = await unlinked.codes()
    scanning = asyncio.create_task(phone.scan(codes[0]))
    success = await unlinked.next("iq")
    error = Node("error", {"code": "401", "text": "hmac-mismatch"})
    await unlinked.send(Node("iq", {"to": NETWORK, "id": success.text("id"), "type": "error"}, [error]))

    with pytest.raises(ScanRefused, match="hmac-mismatch"):
        await scanning
    assert not phone.account.devices


async def test_a_phone_that_knows_no_linked_devices_scans_in_vain_and_both_hear_of_it(network, phone, unlinked):
    codes = await unlinked.codes()
    network.faults.old_phone(phone)
    with pytest.raises(ScanRefused, match="too old"):
        await phone.scan(codes[0])

    assert (await unlinked.next("ib")).first("downgrade_webclient")
    assert not phone.account.devices


async def test_an_unlinked_device_is_told_and_refused_from_then_on(client, phone):
    await phone.unlink()

    told = await client.next("stream:error")
    assert (told.text("code"), told.first("conflict").text("type")) == ("401", "device_removed")
    await client.close()
    await client.connect()
    assert (await client.next("failure")).text("reason") == "401"


async def test_a_device_can_unlink_itself(client, phone):
    attrs = {"jid": client.jid, "reason": "user_initiated"}

    answer = await client.ask("md", Node("remove-companion-device", attrs), type="set")

    assert answer.text("type") == "result"
    assert not phone.account.devices
