"""What keeps Recado from starting is one plain sentence, what to do, and a non-zero exit."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from recado.data_dir import claimed
from recado.settings import local_socket, read_settings
from tests.cli.program import Inside
from tests.cli.program import recado as process


@pytest.fixture
def recado(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Inside:
    return Inside(monkeypatch, capsys)


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    """Something that can be executed; none of these starts comes so far as to do it."""
    path = tmp_path / "recado-whatsmeow"
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_taken_port(recado: Inside, tmp_path: Path, binary: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = recado("up", directory=tmp_path, port=port, engine_binary=binary)
    assert ended.code == 2
    assert ended.sentence == f"Recado cannot listen on 127.0.0.1:{port}: address already in use."
    assert "RECADO_PORT" in ended.hint


def test_an_address_of_another_machine(recado: Inside, tmp_path: Path, binary: Path):
    ended = recado("up", directory=tmp_path, host="192.0.2.1", engine_binary=binary)
    assert ended.code == 2
    assert ended.sentence.startswith("Recado cannot listen on 192.0.2.1:0: ")


def test_a_data_directory_that_cannot_be_written(recado: Inside, tmp_path: Path, binary: Path):
    (tmp_path / "file").write_text("not a directory")
    ended = recado("up", directory=tmp_path, data_dir=tmp_path / "file" / "data", engine_binary=binary)
    assert ended.code == 2
    assert "cannot be written" in ended.sentence
    assert "RECADO_DATA_DIR" in ended.hint


def test_a_data_directory_that_is_in_use(recado: Inside, tmp_path: Path, binary: Path):
    with claimed(tmp_path / "data", is_demo=False):
        ended = recado("up", directory=tmp_path, engine_binary=binary)
    assert ended.code == 2
    assert ended.sentence == f"Another Recado is using the data directory {tmp_path / 'data'}."


def test_a_demo_directory_given_to_up(recado: Inside, tmp_path: Path, binary: Path):
    with claimed(tmp_path / "data", is_demo=True):
        pass
    ended = recado("up", directory=tmp_path, engine_binary=binary)
    assert ended.code == 2
    assert ended.sentence == f"The data directory {tmp_path / 'data'} belongs to the demo, whose devices do not exist."


def test_a_real_directory_given_to_the_demo(recado: Inside, tmp_path: Path, binary: Path):
    with claimed(tmp_path / "data", is_demo=False):
        pass
    ended = recado("demo", "--once", "--data-dir", str(tmp_path / "data"), directory=tmp_path, engine_binary=binary)
    assert ended.code == 2
    assert "holds real devices" in ended.sentence


def test_a_missing_engine_binary(recado: Inside, tmp_path: Path):
    ended = recado("up", directory=tmp_path, engine_binary=tmp_path / "nothing")
    assert ended.code == 2
    assert ended.sentence.startswith(f"RECADO_ENGINE_BINARY names {tmp_path / 'nothing'}")
    assert "make engine" in ended.hint


def test_a_short_admin_key(recado: Inside, tmp_path: Path, binary: Path):
    ended = recado("up", directory=tmp_path, admin_key="short", engine_binary=binary)
    assert ended.code == 2
    assert ended.sentence == "RECADO_ADMIN_KEY cannot be used: it has 5 characters, and needs 32 or more."


def test_supabases_url_in_place_of_the_database(recado: Inside, tmp_path: Path, binary: Path):
    url = "https://abcdefghijklmnopqrst.supabase.co"
    ended = recado("up", directory=tmp_path, database_url=url, engine_binary=binary)
    assert ended.code == 2
    assert "SUPABASE_URL" in ended.sentence
    assert "Session pooler" in ended.hint


def test_an_unreachable_database(recado: Inside, tmp_path: Path, binary: Path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://me:hush@127.0.0.1:{nobody.getsockname()[1]}/recado"
        ended = recado("up", directory=tmp_path, database_url=url, engine_binary=binary)
    assert ended.code == 2
    assert "cannot be reached" in ended.sentence
    assert "hush" not in ended.err


@pytest.fixture
def role(database_url: str, _caretaker: psycopg.Connection):
    """A role that owns nothing, and the URL to connect as it."""
    name = f"ordinary_{os.getpid()}"
    _caretaker.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    try:
        yield name, database_url.replace("recado@", f"{name}@")
    finally:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        _caretaker.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_a_role_that_row_level_security_binds(
    recado: Inside, tmp_path: Path, binary: Path, database_url: str, role: tuple[str, str]
):
    name, url = role
    with psycopg.connect(database_url, autocommit=True) as connection:
        for schema in ("public", "recado"):
            grant = sql.SQL("GRANT USAGE ON SCHEMA {0} TO {1}; GRANT ALL ON ALL TABLES IN SCHEMA {0} TO {1}")
            connection.execute(grant.format(sql.Identifier(schema), sql.Identifier(name)))
    ended = recado("up", directory=tmp_path, database_url=url, engine_binary=binary)
    assert ended.code == 2
    assert f"The role {name} is bound by row-level security" in ended.sentence


def test_a_role_without_rights(
    recado: Inside, tmp_path: Path, binary: Path, empty_database_url: str, role: tuple[str, str]
):
    name, _ = role
    url = empty_database_url.replace("recado@", f"{name}@")
    ended = recado("up", directory=tmp_path, database_url=url, engine_binary=binary)
    assert ended.code == 2
    assert f"The role {name} may not create schemas and tables" in ended.sentence


def test_nothing_has_been_started_when_the_port_is_taken(recado: Inside, tmp_path: Path, binary: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        recado("up", directory=tmp_path, port=taken.getsockname()[1], engine_binary=binary)
    assert not (tmp_path / "data" / "postgres").exists()


def test_as_a_process_of_its_own_it_says_the_same_and_no_more(tmp_path: Path, binary: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = process("up", directory=tmp_path, port=port, engine_binary=binary)
    assert (ended.code, ended.out) == (2, "")
    assert ended.sentence == f"Recado cannot listen on 127.0.0.1:{port}: address already in use."


def test_a_place_for_the_socket_that_others_can_enter(
    recado: Inside, tmp_path: Path, binary: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    home = tmp_path / ("d" * 90)
    place = local_socket(read_settings(data_dir=home)).parent
    place.mkdir()
    place.chmod(0o755)
    ended = recado("up", directory=tmp_path, data_dir=home, engine_binary=binary)
    assert ended.code == 2
    assert ended.sentence == f"The directory {place}, meant for Recado's socket, can be entered by others."
