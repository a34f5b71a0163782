"""What is found out about a database before Recado starts on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest

from recado.domain.errors import Misconfigured
from recado.store import checks, migrate
from recado.store.database import Database
from recado.store.urls import Finding
from tests.fixtures_database import named
from tests.store.pooler import transaction_pooler


async def test_a_migrated_database_of_our_own_has_nothing_wrong(database_url: str):
    assert await checks.examine(database_url) == []


async def test_an_empty_database_lacks_its_migrations_and_may_be_started_on(empty_database_url: str):
    [finding] = await checks.examine(empty_database_url)
    assert (finding.code, finding.is_fatal, finding.hint) == ("migrations_pending", False, "Run: recado db upgrade")
    assert "001_seed_table, 002_public" in finding.sentence


async def test_an_address_that_is_none_is_not_even_tried():
    assert [f.code for f in await checks.examine("https://abc.supabase.co")] == ["web_address_given"]


async def test_a_server_that_is_not_there_is_named(unused_tcp_port: int):
    [finding] = await checks.examine(f"postgresql://recado@127.0.0.1:{unused_tcp_port}/recado")
    assert finding.code == "database_unreachable"
    assert f"127.0.0.1:{unused_tcp_port} cannot be reached" in finding.sentence


async def test_a_database_that_is_not_there_is_named(server_url: str):
    [finding] = await checks.examine(named(server_url, "nothing_here"))
    assert finding.code == "database_missing"
    assert "'nothing_here'" in finding.sentence


async def test_a_user_that_is_not_there_is_refused_in_words(database_url: str):
    [finding] = await checks.examine(database_url.replace("//recado@", "//nobody_of_that_name@"))
    assert finding.code == "database_refuses"


async def test_s1_2_a_role_bound_by_rls_is_refused_in_a_sentence(database_url: str):
    async with role(database_url, "GRANT USAGE ON SCHEMA public TO {0}") as (url, name):
        [finding] = await checks.examine(url)
    assert (finding.code, finding.is_fatal) == ("role_bound_by_rls", True)
    assert finding.sentence.startswith(f"The role {name} is bound by row-level security on ")


async def test_a_role_that_passes_row_security_but_owns_nothing_is_refused(database_url: str):
    async with role(database_url, "ALTER ROLE {0} BYPASSRLS") as (url, name):
        [finding] = await checks.examine(url)
    assert finding.code == "rights_missing"
    assert finding.sentence.startswith(f"The role {name} is not the owner of ")


async def test_an_ordinary_role_can_own_it_all_and_nothing_is_wrong(empty_database_url: str):
    grants = ("CREATE ON DATABASE {1}", "CREATE ON SCHEMA public")
    async with role(empty_database_url, *(f"GRANT {grant} TO {{0}}" for grant in grants)) as (url, _):
        async with Database.open(url) as database:
            await migrate.upgrade(database)
        assert await checks.examine(url) == []


async def test_a_role_that_may_create_nothing_is_refused_on_an_empty_database(empty_database_url: str):
    async with role(empty_database_url) as (url, name):
        [finding] = await checks.examine(url)
    assert (finding.code, finding.is_fatal) == ("rights_missing", True)
    assert finding.sentence == f"The role {name} may not create schemas and tables in this database."


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("synchronous_commit = off", "synchronous_commit_off"),
        ("default_transaction_read_only = on", "database_read_only"),
    ],
)
async def test_a_setting_that_would_lose_messages_is_refused(database_url: str, setting: str, code: str):
    async with Database.open(database_url) as database, database.transaction() as tx:
        await tx.execute(f"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {setting}', current_database()); END $$")
    [finding] = await checks.examine(database_url)
    assert (finding.code, finding.is_fatal) == (code, True)


async def test_a_pooler_in_transaction_mode_is_told_by_how_it_behaves(database_url: str):
    async with transaction_pooler(database_url) as url:
        [finding] = await checks.examine(url)
    assert (finding.code, finding.is_fatal) == ("transaction_pooler", True)


async def test_refusing_takes_the_first_fatal_finding_and_leaves_the_others():
    mild = Finding(code="mild", sentence="It is so.", hint="Do this.", is_fatal=False)
    checks.refuse([mild])
    with pytest.raises(Misconfigured, match=r"^It is bad\.$") as caught:
        checks.refuse([mild, Finding(code="bad", sentence="It is bad.", hint="Do that.")])
    assert (caught.value.code, caught.value.hint) == ("bad", "Do that.")


@contextlib.asynccontextmanager
async def role(url: str, *statements: str) -> AsyncIterator[tuple[str, str]]:
    """A role of the test's own that can log in, and its URL; in statements it is {0} and the database {1}."""
    name = f"role_{uuid4().hex[:12]}"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as owner:
        await owner.execute(f"CREATE ROLE {name} LOGIN")
        for statement in statements:
            await owner.execute(statement.format(name, owner.info.dbname))
        try:
            yield url.replace("//recado@", f"//{name}@"), name
        finally:
            await owner.execute(f"DROP OWNED BY {name}")
            await owner.execute(f"DROP ROLE {name}")
