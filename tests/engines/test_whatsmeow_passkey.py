"""Pairing with a passkey, as whatsmeow speaks it: the simulator plays WhatsApp from the library's own words."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from recado_simulator import ScanRefused
from recado_simulator.node import Node
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow

pytestmark = pytest.mark.engine

SIGNED = {
    "id": "a2V5",
    "rawId": "a2V5",
    "type": "public-key",
    "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": None},
}


@pytest.fixture
async def harness(database_url, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
    async with whatsmeow(database_url, tmp_path) as harness:
        harness.phone("s1").wants_passkey = True
        await harness.engine.start("s1", 1)
        await harness.engine.pair_qr("s1", 1)
        yield harness


async def scanning(harness: WhatsmeowHarness, *, is_forged: bool = False) -> asyncio.Future[None]:
    """The phone scans, and the session has been asked for the passkey."""
    parts = (await harness.listener.signalled("pair_codes", "s1")).data["codes"][0].split(",")
    if is_forged:
        parts[3] = base64.b64encode(bytes(len(base64.b64decode(parts[3])))).decode()
    scan = asyncio.ensure_future(harness.scan("s1", ",".join(parts)))
    asked = await harness.listener.signalled("passkey_request", "s1")
    assert asked.data["public_key"]["rpId"] == "whatsapp.com"
    return scan


async def passkey(harness: WhatsmeowHarness, **params: Any) -> None:
    assert await harness.ask("pair_passkey", session="s1", fence=1, **params) == {}


async def test_a_phone_that_wants_a_passkey_pairs_once_it_was_given_and_the_code_confirmed(harness):
    scan = await scanning(harness)
    await passkey(harness, response=SIGNED)
    shown = await harness.listener.signalled("passkey_confirmation", "s1")
    assert shown.data == {"code": harness.phone("s1").passkey_code, "skip_handoff": True}
    await passkey(harness, confirm=True)
    await scan
    await harness.listener.signalled("paired", "s1")
    await harness.listener.signalled("restart_asked", "s1")
    assert await harness.engine.start("s1", 1) is not None
    await harness.listener.signalled("connected", "s1")


async def test_a_phone_that_has_scanned_another_code_than_was_shown_goes_no_further(harness):
    scan = await scanning(harness, is_forged=True)
    await passkey(harness, response=SIGNED)
    with pytest.raises(ScanRefused, match="not the one that shows the QR code"):
        await scan
    assert "passkey_confirmation" not in harness.listener.types("s1")


async def test_a_code_to_compare_that_nobody_has_asked_for_is_a_failed_passkey(harness):
    codes = (await harness.listener.signalled("pair_codes", "s1")).data["codes"]
    offer, _ = harness.network.pairings.scanned(codes[0])
    harness.network.pairings.tell(offer, "crsc_continuation", Node("primary_ephemeral_identity", {}, b""))
    failed = await harness.listener.signalled("passkey_failed", "s1")
    assert "linking cache" in failed.data["error"]
