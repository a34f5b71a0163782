"""A backup holds all of an instance and puts it back; what is damaged, newer, or here already changes nothing."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from recado.domain.errors import Conflict, Invalid, NotFound, RecadoError
from recado.store import backup
from recado.store.backup.parts import LEFT_OUT, PARTS
from recado.store.database import Database
from tests.fixtures_database import TEMPLATE, copied, named
from tests.stillclock import START, StillClock
from tests.store.house import House

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def elsewhere(server_url, _caretaker):
    """Another database, as on another machine."""
    with copied(_caretaker, TEMPLATE) as name:
        yield named(server_url, name)


@pytest.fixture
async def house(db: Database) -> House:
    """Two messages, a webhook, a waiting send, at rest."""
    house = await House(db, StillClock()).open()
    await house.hear(house.text("um"), house.own("dois"), house.text("três \\ \t tab", chat="1203@g.us"))
    async with db.transaction() as tx:
        await tx.execute(
            "UPDATE public.whatsapp_instances SET wanted = 'running', phone_number = '5511999990001' WHERE id = %s",
            [house.id],
        )
        await tx.execute(
            "INSERT INTO public.whatsapp_sessions (instance_name, session_data) VALUES ('loja', '{\"lid\": \"1@lid\"}')"
        )
        await tx.execute(
            "INSERT INTO recado.webhooks (id, instance_id, url, secret)"
            " VALUES (gen_random_uuid(), %s, 'https://a', 'w')",
            [house.id],
        )
        await tx.execute(
            "INSERT INTO recado.send_queue (message_id, instance_id, chat_id, recipient, content)"
            " SELECT id, instance_id, chat_id, 'x@lid', '{}' FROM public.whatsapp_messages WHERE text = 'dois'"
        )
    return house


def take(url: str, path: Path, **options) -> backup.Taken:
    return backup.take(url, path, PASSPHRASE, now=START, new_id=uuid4, version="1.0", work=1 << 10, **options)


def restore(url: str, path: Path, **options) -> backup.Restored:
    return backup.restore(url, path, options.pop("passphrase", PASSPHRASE), new_id=uuid4, **options)


def rows(url: str, query: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


async def test_a_moved_instance_is_whole_in_its_new_place(house, database_url, elsewhere, tmp_path):
    taken = take(database_url, tmp_path / "b", has_messages=True, is_move=True)
    restore(elsewhere, tmp_path / "b")
    assert taken.rows["public.whatsapp_messages"] == 3
    for part in PARTS:
        if part.table in ("public.whatsapp_instances", "recado.timeline") or part.table.startswith("whatsmeow."):
            continue
        everything = f"SELECT t::text FROM {part.table} t ORDER BY 1"
        if part.table == "recado.send_queue":
            everything = "SELECT message_id, recipient, content FROM recado.send_queue"
        if part.table == "public.whatsapp_sessions":
            everything = "SELECT instance_name FROM public.whatsapp_sessions"
        assert rows(elsewhere, everything) == rows(database_url, everything), part.table


async def test_it_runs_again_where_it_went_and_never_again_where_it_was(house, database_url, elsewhere, tmp_path):
    take(database_url, tmp_path / "b", is_move=True)
    restore(elsewhere, tmp_path / "b")
    seen = "SELECT wanted, state, status, reason, wanted_at > since FROM public.whatsapp_instances"
    assert rows(elsewhere, seen) == [("running", "stopped", "disconnected", "restored", True)]
    assert rows(database_url, seen)[0][:4] == ("stopped", "stopped", "disconnected", "moved")


async def test_whoever_ran_it_has_lost_it_when_it_moves(house, database_url, tmp_path):
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO recado.leases (kind, subject, fence) VALUES ('instance', %s, 7)", [house.id])
    take(database_url, tmp_path / "b", is_move=True)
    assert rows(database_url, "SELECT holder, fence FROM recado.leases") == [(None, 8)]


async def test_one_that_is_held_is_not_moved(house, database_url, tmp_path):
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE public.whatsapp_instances SET state = 'connected', status = 'connected'")
        connection.execute(
            "INSERT INTO recado.leases (kind, subject, holder, fence, until)"
            " VALUES ('instance', %s, gen_random_uuid(), 1, now() + interval '1 hour')",
            [house.id],
        )
    with pytest.raises(Conflict) as caught:
        take(database_url, tmp_path / "b", is_move=True)
    assert caught.value.code == "still_running"
    assert list(tmp_path.iterdir()) == []


async def test_without_messages_only_those_that_wait_to_be_sent_go_along(house, database_url, elsewhere, tmp_path):
    take(database_url, tmp_path / "b", is_move=True)
    restore(elsewhere, tmp_path / "b")
    assert rows(elsewhere, "SELECT text FROM public.whatsapp_messages") == [("dois",)]
    assert rows(elsewhere, "SELECT count(*) FROM public.whatsapp_chats") == [(2,)]
    assert rows(elsewhere, "SELECT count(*) FROM recado.send_queue") == [(1,)]


async def test_a_webhook_begins_at_the_end_of_the_log_of_its_new_place(house, database_url, elsewhere, tmp_path):
    with psycopg.connect(elsewhere) as connection:
        connection.execute("SELECT setval('recado.event_position', 41)")
    take(database_url, tmp_path / "b", is_move=True)
    restore(elsewhere, tmp_path / "b")
    assert rows(elsewhere, "SELECT position FROM recado.webhook_cursors") == [(41,)]


async def test_new_messages_come_after_the_old_ones(house, database_url, elsewhere, tmp_path):
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE public.whatsapp_messages SET tiebreak = 9000 WHERE text = 'um'")
    take(database_url, tmp_path / "b", has_messages=True, is_move=True)
    restore(elsewhere, tmp_path / "b")
    assert rows(elsewhere, "SELECT nextval('recado.message_order') > 9000") == [(True,)]


async def test_a_copy_is_put_back_only_when_it_is_forced(house, database_url, elsewhere, tmp_path):
    take(database_url, tmp_path / "b")
    with pytest.raises(Conflict) as caught:
        restore(elsewhere, tmp_path / "b")
    assert caught.value.code == "not_moved"
    assert rows(elsewhere, "SELECT count(*) FROM public.whatsapp_instances") == [(0,)]
    restore(elsewhere, tmp_path / "b", is_forced=True)
    assert rows(elsewhere, "SELECT instance_name FROM public.whatsapp_instances") == [("loja",)]


async def test_a_copy_changes_nothing_but_where_the_last_backup_is(house, database_url, tmp_path):
    before = rows(database_url, "SELECT * FROM public.whatsapp_instances")
    take(database_url, tmp_path / "b")
    assert rows(database_url, "SELECT * FROM public.whatsapp_instances") == before
    [(data,)] = rows(database_url, "SELECT session_data FROM public.whatsapp_sessions")
    assert data == {"lid": "1@lid", "backup": {"file": str(tmp_path / "b"), "at": START.isoformat()}}


async def test_one_that_is_here_already_is_not_overwritten(house, database_url, tmp_path):
    take(database_url, tmp_path / "b")
    with pytest.raises(Conflict) as caught:
        restore(database_url, tmp_path / "b", is_forced=True)
    assert caught.value.code == "instance_exists"
    assert rows(database_url, "SELECT count(*) FROM public.whatsapp_messages") == [(3,)]


async def test_one_that_moved_away_can_come_back(house, database_url, elsewhere, tmp_path):
    take(database_url, tmp_path / "there", has_messages=True, is_move=True)
    restore(elsewhere, tmp_path / "there")
    take(elsewhere, tmp_path / "back", has_messages=True, is_move=True)
    restore(database_url, tmp_path / "back")
    seen = "SELECT wanted, reason FROM public.whatsapp_instances"
    assert rows(database_url, seen) == [("running", "restored")]
    assert rows(database_url, "SELECT count(*) FROM public.whatsapp_messages") == [(3,)]


async def test_only_the_instances_that_are_named_go_along(house, db, database_url, elsewhere, tmp_path):
    await House(db, StillClock(seed=1), "outra").open()
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO recado.webhooks (id, url, secret) VALUES (gen_random_uuid(), 'https://all', 'w')"
        )
    take(database_url, tmp_path / "b", names=["loja"])
    restore(elsewhere, tmp_path / "b", is_forced=True)
    assert rows(elsewhere, "SELECT instance_name FROM public.whatsapp_instances") == [("loja",)]
    assert rows(elsewhere, "SELECT url FROM recado.webhooks") == [("https://a",)]


async def test_a_name_that_is_none_leaves_no_file(house, database_url, tmp_path):
    with pytest.raises(NotFound):
        take(database_url, tmp_path / "b", names=["loja", "lua"])
    assert list(tmp_path.iterdir()) == []


async def test_the_file_is_its_owners_alone_and_shows_nothing(house, database_url, tmp_path):
    take(database_url, tmp_path / "b", has_messages=True)
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    content = (tmp_path / "b").read_bytes()
    assert b"loja" not in content
    assert b"5511" not in content


def spoil_the_end(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def spoil_the_middle(content: bytes) -> bytes:
    return content[: len(content) * 3 // 4] + b"\0" + content[len(content) * 3 // 4 + 1 :]


def cut(content: bytes) -> bytes:
    return content[: len(content) * 3 // 4]


@pytest.mark.parametrize("spoil", [spoil_the_end, spoil_the_middle, cut, lambda content: content + b"more"])
async def test_a_damaged_file_changes_nothing(house, database_url, elsewhere, tmp_path, spoil):
    take(database_url, tmp_path / "b", has_messages=True, is_move=True)
    (tmp_path / "b").write_bytes(spoil((tmp_path / "b").read_bytes()))
    with pytest.raises(Invalid) as caught:
        restore(elsewhere, tmp_path / "b")
    assert caught.value.code == "damaged_backup"
    assert rows(elsewhere, "SELECT count(*) FROM public.whatsapp_instances") == [(0,)]


async def test_another_passphrase_does_not_open_it(house, database_url, elsewhere, tmp_path):
    take(database_url, tmp_path / "b")
    with pytest.raises(Invalid) as caught:
        restore(elsewhere, tmp_path / "b", passphrase="another one altogether")
    assert caught.value.code == "wrong_passphrase"


@pytest.mark.parametrize("content", [b"", b"RECADO BACKUP 2\n", b"PK\x03\x04", b"RECADO BACKUP 1\nnonsense\n"])
def test_what_is_no_backup_is_refused(database_url, tmp_path, content):
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(Invalid):
        restore(database_url, tmp_path / "b")


def test_a_file_that_is_not_there_is_said_so(database_url, tmp_path):
    with pytest.raises(RecadoError) as caught:
        restore(database_url, tmp_path / "none")
    assert "none cannot be read" in caught.value.detail


async def test_a_short_passphrase_is_refused(house, database_url, tmp_path):
    with pytest.raises(Invalid) as caught:
        backup.take(database_url, tmp_path / "b", "short", now=START, new_id=uuid4, version="1")
    assert caught.value.code == "weak_passphrase"


async def test_a_newer_backup_is_refused(house, database_url, elsewhere, tmp_path):
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO recado.migrations (name) VALUES ('999_later')")
    take(database_url, tmp_path / "b", is_move=True)
    with pytest.raises(Invalid) as caught:
        restore(elsewhere, tmp_path / "b")
    assert caught.value.code == "newer_backup"


async def test_a_disk_without_room_leaves_nothing_behind(house, database_url):
    with pytest.raises(NotADirectoryError):
        take(database_url, Path("/dev/full/b"))


def test_every_table_is_in_the_backup_or_left_out_on_purpose(database_url):
    tables = {
        name
        for (name,) in rows(
            database_url,
            "SELECT schemaname || '.' || tablename FROM pg_tables t WHERE schemaname IN ('public', 'recado') AND NOT"
            " EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(schemaname || '.' || tablename))",
        )
    }
    ours = {part.table for part in PARTS if not part.table.startswith("whatsmeow.")}
    assert tables == ours | {name for name in LEFT_OUT if not name.startswith("whatsmeow.")}
