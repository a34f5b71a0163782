"""The pairing QR code's text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recado_simulator.qr import NotAPairingCode, PairingQr

VECTOR = json.loads((Path(__file__).parent / "vectors" / "identity.json").read_text())
TEXT = VECTOR["qr"]


def test_the_code_of_whatsmeow_is_read():
    qr = PairingQr.parse(TEXT)
    assert (qr.ref, qr.identity.hex(), qr.adv_secret.hex(), qr.platform) == (
        VECTOR["ref"],
        VECTOR["device"],
        VECTOR["adv_secret"],
        "1",
    )


def test_the_older_code_without_an_address_is_read():
    assert PairingQr.parse(TEXT.partition("#")[2]) == PairingQr.parse(TEXT)


def test_a_code_without_a_platform_is_read():
    assert PairingQr.parse(TEXT.rpartition(",")[0]).platform is None


@pytest.mark.parametrize(
    "text",
    ["", "https://example.org", "a,b,c,d", TEXT[:-20], TEXT.replace("2@ref", ""), TEXT + ",more"],
    ids=["empty", "another QR code", "no base64", "cut off", "no ref", "too many parts"],
)
def test_what_is_no_pairing_code_is_refused(text):
    with pytest.raises(NotAPairingCode):
        PairingQr.parse(text)
