"""What people paste as their database's address, and what they are told."""

from __future__ import annotations

import pytest

from recado.store.urls import check_url

KEY = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl"
POOLER = "postgresql://postgres.abc:secret@aws-0-sa-east-1.pooler.supabase.com"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres:secret@db.abc.supabase.co:5432/postgres",
        f"{POOLER}:5432/postgres",
        "postgres://recado@localhost/recado",
        "postgresql://recado@/recado?host=/run/recado",
        "host=localhost dbname=recado",
        "postgresql://recado@localhost:6543/recado",
    ],
)
def test_an_address_of_a_database_is_fine(url: str):
    assert check_url(url) == []


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("https://abc.supabase.co", "web_address_given", "Supabase's API (SUPABASE_URL)"),
        ("https://abc.supabase.co/rest/v1/", "web_address_given", "Supabase's API (SUPABASE_URL)"),
        ("https://example.com/db", "web_address_given", "a web page"),
        (KEY, "api_key_given", "a Supabase API key"),
        ("sb_secret_abc123", "api_key_given", "a Supabase API key"),
        (f"postgresql://postgres:{KEY}@db.abc.supabase.co:5432/postgres", "api_key_as_password", "password of its own"),
        (
            "postgresql://postgres:[YOUR-PASSWORD]@db.abc.supabase.co/postgres",
            "password_placeholder",
            "[YOUR-PASSWORD]",
        ),
        (f"{POOLER}:6543/postgres", "transaction_pooler", "port 6543"),
        ("postgresql://postgres:secret@db.abc.supabase.co:6543/postgres", "transaction_pooler", "port 6543"),
        ("mysql://root@localhost/recado", "database_url_unreadable", "cannot be read"),
        ("my database", "database_url_unreadable", "cannot be read"),
    ],
)
def test_anything_else_is_named_for_what_it_is(url: str, code: str, words: str):
    [finding] = check_url(url)
    assert (finding.code, finding.is_fatal) == (code, True)
    assert words in finding.sentence


@pytest.mark.parametrize("url", [KEY, "https://abc.supabase.co", f"{POOLER}:6543/postgres"])
def test_who_pasted_the_wrong_string_from_supabase_is_told_which_one_to_copy(url: str):
    [finding] = check_url(url)
    assert "Session pooler" in finding.hint
    assert "postgresql://" in finding.hint


@pytest.mark.parametrize("url", [KEY, f"postgresql://postgres:{KEY}@h/d", f"{POOLER}:6543/postgres", "x secret y"])
def test_no_secret_is_repeated(url: str):
    [finding] = check_url(url)
    assert "secret" not in finding.sentence + finding.hint
    assert KEY not in finding.sentence + finding.hint


def test_a_transaction_pooler_is_no_reason_to_refuse_when_nothing_is_prepared():
    [finding] = check_url(f"{POOLER}:6543/postgres", prepare_threshold=None)
    assert not finding.is_fatal
