"""Each command, against a Recado that runs."""

from __future__ import annotations

import asyncio
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from recado.cli.client import Failed
from recado.domain.access import EVERYTHING
from recado.domain.errors import Misconfigured
from recado.store import rights
from recado.store.migrate import migrations
from recado.store.rights import Trouble
from tests.engines.fake import FakeEngine
from tests.sinks.receiver import receiving
from tests.waiting import until

TO = "+5511988887777"


@pytest.fixture
def host(environment, tmp_path: Path) -> None:
    """An engine host that can say who it is, and no more."""
    path = tmp_path / "host"
    path.write_text("""#!/bin/sh\necho '{"engine": "whatsmeow", "version": "1", "library": "a library"}'\n""")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    environment.setenv("RECADO_ENGINE_BINARY", str(path))


def rows(table: str) -> list[list[str]]:
    return [re.split(r"  +", line) for line in table.strip().splitlines()]


async def test_an_instance_is_created_without_its_qr(recado, runtime):
    assert await recado("instance", "create", "loja", "--no-qr") == "📱 loja created, connecting\n"


async def test_a_qr_is_drawn_until_the_phone_is_linked(recado, runtime, engine: FakeEngine):
    drawing = asyncio.ensure_future(recado("instance", "create", "loja"))

    async def is_offered() -> str | None:
        async with runtime.database.transaction() as tx:
            found = await (await tx.execute("SELECT instance_id::text FROM recado.pairings")).fetchone()
        return found[0] if found else None

    engine.pair(await until(is_offered))
    assert "✅ loja is connected: 55" in await drawing


async def test_instances_are_listed(recado, loja: str):
    head, row = rows(await recado("instance", "list"))
    assert (head[0], row[:3]) == ("INSTANCE NAME", ["loja", "connected", "connected"])


async def test_with_no_instances_the_list_says_how_to_make_one(recado, runtime):
    assert "recado instance create" in await recado("instance", "list")


async def test_an_instance_is_shown_with_its_latest_story(recado, loja: str):
    out = await recado("instance", "show", "loja", "--language", "pt")
    assert re.search(r"phone_number +55\d+", out)
    assert out.splitlines()[-1].endswith("A instância foi criada.")


@pytest.mark.parametrize(("command", "wanted"), [("stop", "stopped"), ("start", "running"), ("restart", "running")])
async def test_what_is_wanted_is_said(recado, loja: str, command: str, wanted: str):
    assert f"loja: wanted {wanted}" in await recado("instance", command, "loja")


async def test_force_update_prints_before_and_after_of_every_instance(recado, loja: str):
    _, before, after = rows(await recado("instance", "force-update"))
    assert (before[:2], after[:2]) == (["before", "loja"], ["after", "loja"])


async def test_force_update_takes_the_names_that_it_is_given(recado, runtime, loja: str):
    for name in ("filial", "matriz"):
        await runtime.services.instances.create(name, start=False)
    shown = rows(await recado("instance", "force-update", "matriz", "loja"))[1:]
    assert [row[1] for row in shown] == ["matriz", "matriz", "loja", "loja"]


async def test_force_update_says_what_it_could_not_look_at_and_does_the_others(recado, loja: str, capsys):
    with pytest.raises(SystemExit) as caught:
        await recado("instance", "force-update", "nenhuma", "loja")
    out = capsys.readouterr().out
    assert "❌ nenhuma: There is no instance named 'nenhuma'" in out
    assert [row[:2] for row in rows(out)[1:3]] == [["before", "loja"], ["after", "loja"]]
    assert caught.value.code == 1


async def test_force_update_shows_what_was_wrong_and_what_is_so(recado, runtime, loja: str):
    async with runtime.database.transaction() as tx:
        await tx.execute("UPDATE whatsapp_instances SET status = 'disconnected', phone_number = NULL")
    _, before, after = rows(await recado("instance", "force-update", "loja"))
    assert (before[2], after[2]) == ("disconnected", "connected")
    assert (before[4], after[4][:2]) == ("–", "55")


async def test_a_removal_asks_for_the_name(recado, loja: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    assert await recado("instance", "remove", "loja") == "Nothing was removed.\n"
    monkeypatch.setattr("builtins.input", lambda _: "loja")
    assert await recado("instance", "remove", "loja") == "✅ loja is removed.\n"


async def test_a_message_is_sent_and_waited_for(recado, loja: str, engine: FakeEngine):
    assert (await recado("message", "send", "loja", TO, "Olá!")).startswith("✅ sent: ")
    assert [sent.content["conversation"] for sent in engine.sent.values()] == ["Olá!"]


async def test_messages_are_listed(recado, loja: str):
    await recado("message", "send", "loja", TO, "Olá!")
    _, row = rows(await recado("message", "list", "loja"))
    assert row[1:] == [TO[1:], "me", "sent", "Olá!"]


async def test_keys_are_made_listed_and_revoked(recado, runtime):
    made = await recado("key", "create", "n8n", "--scope", "messages:send", "--scope", "messages:read", "--days", "30")
    assert re.search(r"rcd_[\w-]{43}\n", made)
    [row] = [row for row in rows(await recado("key", "list")) if row[1] == "n8n"]
    assert row[2] == "messages:read, messages:send"
    assert await recado("key", "revoke", row[0]) == "✅ revoked\n"


async def test_webhooks_are_made_tried_looked_at_and_removed(recado, runtime):
    async with receiving() as receiver:
        made = await recado("webhook", "create", receiver.url, "--events", "message.*")
        id = made.split()[1]
        assert "whsec_" in made
        assert re.match(r"200 +in \d+ ms", await recado("webhook", "test", id))
        assert len(rows(await recado("webhook", "attempts", id))) == 2
        assert await recado("webhook", "remove", id) == "✅ removed\n"


async def test_webhooks_are_paused_resumed_replayed_and_their_secrets_rotated(recado, runtime):
    async with receiving() as receiver:
        made = await recado("webhook", "create", receiver.url, "--header", "X-Team: blue")
        id = made.split()[1]
        await recado("instance", "create", "loja", "--no-qr")
        first = (await receiver.count(1))[0]
        assert first.headers["x-team"] == "blue"
        await until(lambda: tried(runtime, id))
        assert await recado("webhook", "pause", id) == "✅ paused\n"
        assert re.match(r"✅ active, from position \d+ on", await recado("webhook", "resume", id))
        seen = len(receiver.got)
        assert re.match(r"✅ [1-9]\d* events", await recado("webhook", "replay", id, "--from", "2026-01-01"))
        await receiver.count(seen + 1)
        rotated = await recado("webhook", "secret", id)
        assert "whsec_" in rotated
        assert rotated.split()[1] not in made


async def tried(runtime, webhook_id: str) -> bool:
    """Whether the cursor has moved past the first event."""
    page = await runtime.services.webhooks.attempts(EVERYTHING, UUID(webhook_id))
    return bool(page.items)


async def test_the_servers_words_are_passed_on(recado, runtime):
    with pytest.raises(Failed, match="There is no instance named 'nenhuma'") as caught:
        await recado("instance", "show", "nenhuma")
    assert caught.value.hint


async def test_with_nobody_there_it_says_how_to_start(recado):
    with pytest.raises(Misconfigured, match=r"No Recado answers at .*recado\.sock") as caught:
        await recado("instance", "list")
    assert "recado up" in caught.value.hint


async def test_another_machine_is_reached_with_url_and_key(recado, runtime, environment):
    environment.setenv("RECADO_URL", runtime.address)
    environment.setenv("RECADO_API_KEY", runtime.admin_key)
    assert "No instances yet" in await recado("instance", "list")


async def test_a_url_without_a_key_is_said_so(recado, environment):
    environment.setenv("RECADO_URL", "http://127.0.0.1:1")
    environment.delenv("RECADO_API_KEY", raising=False)
    with pytest.raises(Misconfigured, match="RECADO_API_KEY is not"):
        await recado("instance", "list")


async def test_all_migrations_are_printed_as_one_script(recado):
    script = await recado("db", "sql")
    assert script.count("INSERT INTO recado.migrations") == len(migrations())


async def test_the_database_is_checked(recado, environment, database_url: str):
    environment.setenv("RECADO_DATABASE_URL", database_url)
    assert await recado("db", "check") == "✅ Nothing is wrong with the database.\n"


async def test_a_database_that_is_behind_is_no_failure_of_the_check(recado, environment, empty_database_url: str):
    environment.setenv("RECADO_DATABASE_URL", empty_database_url)
    assert "recado db upgrade" in await recado("db", "check")


async def test_a_database_that_cannot_be_used_fails_the_check(recado, environment):
    environment.setenv("RECADO_DATABASE_URL", "https://abc.supabase.co")
    with pytest.raises(SystemExit) as caught:
        await recado("db", "check")
    assert caught.value.code == 1


async def test_the_doctor_finds_a_running_recado_well(recado, environment, host, loja: str, database_url: str):
    environment.setenv("RECADO_DATABASE_URL", database_url)
    out = await recado("doctor")
    assert "✅ Recado runs and is ready: database, engine.fake." in out
    assert "✅ 1 of 1 instances are connected." in out


async def test_the_doctor_says_what_an_instance_waits_for(recado, environment, host, runtime, database_url: str):
    environment.setenv("RECADO_DATABASE_URL", database_url)
    await recado("instance", "create", "loja", "--no-qr")
    out = await recado("doctor")
    assert "⚠️ loja is " in out
    assert "recado instance show loja" in out


async def test_the_doctor_says_what_stands_open(recado, environment, host, runtime, database_url: str):
    environment.setenv("RECADO_DATABASE_URL", database_url)
    async with runtime.database.transaction() as tx:
        await tx.execute("ALTER TABLE whatsapp_chats DISABLE ROW LEVEL SECURITY")
    assert "⚠️ Row-level security is off on whatsapp_chats" in await recado("doctor")


async def test_the_doctor_says_since_when_writes_are_not_kept(recado, environment, host, runtime, database_url, capsys):
    environment.setenv("RECADO_DATABASE_URL", database_url)
    trouble = Trouble(
        code="x", sentence="A trigger swallows them.", hint="Drop it.", since=datetime(2026, 11, 24, tzinfo=UTC)
    )
    async with runtime.database.transaction() as tx:
        await rights.note(tx, trouble)
    with pytest.raises(SystemExit):
        await recado("doctor")
    said = "❌ Since 2026-11-24 00:00 UTC Recado's own writes are not kept. A trigger swallows them.\n   Drop it.\n"
    assert said in capsys.readouterr().out


async def test_the_doctor_works_where_nothing_is_yet(recado, host):
    out = await recado("doctor")
    assert "⚠️ There is no database yet." in out
    assert "⚠️ Recado does not run" in out


async def test_the_doctor_names_a_wrong_setting(recado, environment, capsys):
    environment.setenv("RECADO_PORT", "many")
    with pytest.raises(SystemExit):
        await recado("doctor")
    assert "❌ RECADO_PORT cannot be used" in capsys.readouterr().out


async def test_the_doctor_names_a_missing_engine(recado, environment, capsys):
    environment.setenv("RECADO_ENGINE_BINARY", "/nowhere")
    with pytest.raises(SystemExit):
        await recado("doctor")
    assert "❌ RECADO_ENGINE_BINARY names /nowhere" in capsys.readouterr().out
