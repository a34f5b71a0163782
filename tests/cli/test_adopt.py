"""`recado db adopt`, and `recado up`, on the table of an older back end."""

from __future__ import annotations

import json

import psycopg
import pytest

from recado.domain.access import EVERYTHING
from recado.domain.errors import Misconfigured
from recado.runtime import running
from recado.settings import read_settings
from recado.store import webhooks
from tests.engines.fake import FakeEngine
from tests.store.adopting import TABLES
from tests.waiting import until


@pytest.fixture
def old_url(environment, empty_database_url: str) -> str:
    """A database with an old table whose names are not one row's own."""
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(TABLES["duplicate_names"].encode())
    environment.setenv("RECADO_DATABASE_URL", empty_database_url)
    return empty_database_url


def names(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        query = "SELECT instance_name FROM whatsapp_instances WHERE instance_name LIKE 'loja%' ORDER BY 1"
        return [name for (name,) in connection.execute(query)]


async def test_an_old_table_is_adopted_and_what_was_done_is_said(recado, old_url: str):
    out = await recado("db", "adopt")
    assert "🔎 public.whatsapp_instances is there. (7 rows)" in out
    assert "✅ The row of public.whatsapp_instances that was also named 'loja' is called 'loja-3' now. (1 row)" in out
    assert out.endswith("✅ The old tables are repaired. Next: recado up\n")
    assert names(old_url) == ["loja", "loja-2", "loja-3", "loja-4"]
    assert (await recado("db", "adopt")).endswith("✅ Nothing has to be repaired.\n")


async def test_a_dry_run_only_says_what_would_be_done(recado, old_url: str):
    assert (await recado("db", "adopt", "--dry-run")).endswith("`recado db adopt` does it.\n")
    assert names(old_url) == ["loja", "loja", "loja", "loja-2"]


async def test_a_program_gets_the_report_as_json(recado, old_url: str):
    said = json.loads(await recado("db", "adopt", "--dry-run", "--json"))
    assert said["dry_run"] is True
    assert said["report"][0] == {
        "kind": "found",
        "code": "table_found",
        "sentence": "public.whatsapp_instances is there.",
        "rows": 7,
    }


async def test_without_an_old_table_there_is_nothing_to_adopt(recado, environment, empty_database_url: str):
    environment.setenv("RECADO_DATABASE_URL", empty_database_url)
    assert "nothing to adopt" in await recado("db", "adopt")


async def test_a_table_that_is_something_else_is_a_sentence(recado, environment, empty_database_url: str):
    environment.setenv("RECADO_DATABASE_URL", empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE whatsapp_instances (id bigint, instance_name text)")
    with pytest.raises(Misconfigured, match="its column id is bigint and cannot be made uuid"):
        await recado("db", "adopt")


async def test_a_table_that_stands_where_recado_makes_its_own_keeps_it_from_starting(recado, old_url: str):
    with psycopg.connect(old_url) as connection:
        connection.execute("CREATE TABLE whatsapp_messages (body text)")
    with pytest.raises(Misconfigured, match=r"public\.whatsapp_messages\.$") as caught:
        await recado("db", "upgrade")
    assert caught.value.code == "table_in_the_way"
    assert "ALTER TABLE public.whatsapp_messages RENAME TO old_whatsapp_messages" in caught.value.hint


async def test_recado_starts_on_an_old_table_and_its_rows_ask_for_nothing(recado, old_url: str):
    """Adopted by the start itself; every row waits to be paired, a webhook_url hears what comes from now on."""
    with psycopg.connect(old_url) as connection:
        connection.execute(
            "UPDATE whatsapp_instances SET instance_name = 'Loja São Paulo' WHERE instance_name = 'Loja'"
        )
        connection.execute("ALTER TABLE whatsapp_instances ADD webhook_url text DEFAULT 'https://a.example/hook'")
    engine = FakeEngine()
    async with running(read_settings(port=0), engine=engine) as runtime:
        await engine.attached.wait()
        rows = (await runtime.services.instances.list(EVERYTHING, limit=100)).items
        assert {(row.status, row.state, row.wanted, row.reason) for row in rows} == {
            ("disconnected", "stopped", "stopped", "needs_pairing")
        }
        assert len(rows) == 7

        async def hooks() -> list:
            async with runtime.database.transaction() as tx:
                found = await webhooks.of(tx, None)
            return found if len(found) == 7 else []

        assert {(hook.url, hook.position) for hook in await until(hooks)} == {("https://a.example/hook", 0)}
        assert not [call for call in engine.calls if call[0] == "start"]
        assert "wanted running" in await recado("instance", "start", "Loja São Paulo")
