"""Pairing over HTTP: one code in four forms, or a code to type."""

from __future__ import annotations

import pytest

from tests.api.door import Door
from tests.waiting import until


@pytest.fixture
async def pairing(door: Door) -> dict:
    """An instance that shows a QR."""
    await door.post("/v1/instances", {"instance_name": "loja"})

    async def is_shown() -> bool:
        return (await door.get("/v1/instances/loja/qr")).status == 200

    await until(is_shown)
    return (await door.get("/v1/instances/loja/qr")).body


async def test_the_code_comes_as_json_with_its_end(pairing: dict):
    assert pairing["qr"].startswith("2@ref0,")
    assert (pairing["method"], pairing["code"]) == ("qr", None)
    assert pairing["expires_at"].endswith("Z")


@pytest.mark.parametrize(
    ("accept", "content_type", "start"),
    [
        ("text/plain", "text/plain", b"2@ref0,"),
        ("image/png", "image/png", b"\x89PNG"),
        ("image/svg+xml", "image/svg+xml", b"<?xml"),
        ("image/*", "image/svg+xml", b"<?xml"),
        ("text/html, image/png;q=0.8", "image/png", b"\x89PNG"),
    ],
)
async def test_the_code_comes_in_the_form_asked_for(door: Door, pairing, accept: str, content_type: str, start: bytes):
    answer = await door.get("/v1/instances/loja/qr", headers={"Accept": accept})
    assert answer.headers["content-type"].split(";")[0] == content_type
    assert answer.body.startswith(start)


async def test_a_code_is_never_kept_by_a_cache(door: Door, pairing):
    answer = await door.get("/v1/instances/loja/qr")
    assert answer.headers["cache-control"] == "no-store"


async def test_there_is_nothing_to_scan_on_an_instance_that_is_connected(door: Door, loja: str):
    answer = await door.get(f"/v1/instances/{loja}/qr")
    assert (answer.status, answer.code) == (409, "nothing_to_scan")


async def test_a_code_to_type_into_the_phone(door: Door, pairing):
    made = await door.post("/v1/instances/loja/pairing-code", {"phone": "+55 (11) 99999-0000"})
    assert (made.status, made.body["method"], made.body["code"]) == (201, "code", "ABCD-EFGH")
    assert made.body["phone"] == "5511999990000"


async def test_an_instance_that_is_paired_by_code_has_no_qr(door: Door, pairing):
    await door.post("/v1/instances/loja/pairing-code", {"phone": "+5511999990000"})
    answer = await door.get("/v1/instances/loja/qr")
    assert (answer.status, answer.code) == (409, "pairing_by_code")
