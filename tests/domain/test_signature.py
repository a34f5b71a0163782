"""Our signatures, judged by the library that receivers use."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from recado.domain.signature import key_of, secret_from, sign

EVENT = UUID(int=7)
OLD, NEW, OTHER = secret_from(b"o" * 32), secret_from(b"n" * 24), secret_from(b"x" * 32)


def signed(body: bytes, *secrets: str) -> dict[str, str]:
    return sign([key_of(secret) for secret in secrets], EVENT, datetime.now(UTC), body)


@given(
    body=st.text().map(lambda text: f'{{"text": "{text.encode().hex()}"}}'),
    randomness=st.binary(min_size=24, max_size=32),
)
def test_the_standard_library_accepts_our_signature(body: str, randomness: bytes):
    secret = secret_from(randomness)
    assert Webhook(secret).verify(body, signed(body.encode(), secret))


def test_during_a_rotation_both_secrets_verify():
    headers = signed(b'{"a":1}', NEW, OLD)
    assert [Webhook(secret).verify('{"a":1}', headers) for secret in (OLD, NEW)] == [{"a": 1}, {"a": 1}]


def test_another_secret_does_not_verify():
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify('{"a":1}', signed(b'{"a":1}', NEW, OLD))


def test_a_changed_body_does_not_verify():
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify('{"a":2}', signed(b'{"a":1}', NEW))


def test_the_id_that_is_signed_is_the_event_s():
    assert signed(b"{}", NEW)["webhook-id"] == str(EVENT)


@pytest.mark.parametrize("length", [0, 23, 33])
def test_a_secret_has_24_to_32_bytes(length: int):
    with pytest.raises(ValueError, match="24 to 32"):
        secret_from(b"x" * length)


def test_what_is_not_base64_is_no_secret():
    with pytest.raises(ValueError, match="not a webhook secret"):
        key_of("whsec_äöü")
