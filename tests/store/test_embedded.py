"""The embedded PostgreSQL: starts anywhere, as anyone, dies with us, comes back after kill -9."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recado.domain.errors import Misconfigured, Unavailable
from recado.store import embedded
from recado.store.database import Database
from recado.store.embedded.processes import postgres_in
from recado.store.embedded.server import Server
from recado.store.embedded.site import find_site
from recado.store.rows import fetch_value, fetch_values
from tests.waiting import until

# For the tests that do not end PostgreSQL by force.
QUICK = {"fsync": "off"}
PROGRAM = """
import asyncio, sys
from pathlib import Path
from recado.store import embedded
from recado.store.database import Database

async def main():
    async with embedded.serve(Path(sys.argv[1]), settings={"fsync": "off"}) as server:
        async with Database.open(server.url) as database, database.transaction() as tx:
            row = await (await tx.execute("SELECT current_user")).fetchone()
        print(row[0], server.pid, flush=True)
        if sys.argv[2:] == ["stay"]:
            await asyncio.sleep(600)

asyncio.run(main())
"""
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends children with their parent on Linux")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A directory that every user of the machine may enter; `tmp_path` is one that only its owner may."""
    path = Path(tempfile.mkdtemp(prefix="recado-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(params=["open", "closed"])
def directory(request: pytest.FixtureRequest, open_path: Path, tmp_path: Path) -> Path:
    """Where everyone may enter, and where (for root: the server's user too) nobody else may."""
    return (open_path if request.param == "open" else tmp_path) / "postgres"


async def test_a_first_start_makes_a_database_that_answers(directory: Path):
    async with embedded.serve(directory, settings=QUICK) as server:
        assert await ask(server.url, "SELECT current_database()") == "recado"


async def test_what_was_written_is_there_after_a_stop_and_a_start(directory: Path):
    async with embedded.serve(directory, settings=QUICK) as server:
        await make_table(server.url)
        await put(server.url, 1)
    async with embedded.serve(directory, settings=QUICK) as server:
        assert await numbers(server.url) == [1]


async def test_it_is_open_to_nobody_else(tmp_path: Path):
    async with embedded.serve(tmp_path, settings=QUICK) as server:
        sockets = os.stat(await ask(server.url, "SHOW unix_socket_directories"))
        assert stat.S_IMODE(sockets.st_mode) == 0o700
        assert await ask(server.url, "SHOW listen_addresses") == ""
        assert await ask(server.url, "SELECT string_agg(DISTINCT auth_method, ' ') FROM pg_hba_file_rules") == "peer"


@pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"])
async def test_it_is_sure_about_what_is_written(tmp_path: Path, name: str):
    async with embedded.serve(tmp_path) as server:
        assert await ask(server.url, f"SHOW {name}") == "on"


async def test_a_local_conf_has_the_last_word(tmp_path: Path):
    async with embedded.serve(tmp_path, settings=QUICK):
        pass
    (tmp_path / "data" / "local.conf").write_text("max_connections = 25\n")
    async with embedded.serve(tmp_path, settings=QUICK) as server:
        assert await ask(server.url, "SHOW max_connections") == "25"


async def test_it_is_started_again_when_it_is_killed_and_keeps_what_was_committed(directory: Path):
    async with embedded.serve(directory) as server:
        await make_table(server.url)
        async with Database.open(server.url) as database, asyncio.timeout(60), asyncio.TaskGroup() as group:
            minding = group.create_task(server.run())
            for number in range(3):
                await put(server.url, number)
                os.kill(server.pid, signal.SIGKILL)
                await server.died()
                await until_answering(database)
            minding.cancel()
        assert await numbers(server.url) == [0, 1, 2]


@needs_linux
async def test_no_acknowledged_row_is_lost_when_all_of_it_is_killed_under_writes(tmp_path: Path):
    async with embedded.serve(tmp_path) as server:
        await make_table(server.url)
        acknowledged: list[int] = []
        has_some = asyncio.Event()

        async def write() -> None:
            async with Database.open(server.url) as database:
                while True:
                    async with database.transaction() as tx:
                        await tx.execute("INSERT INTO kept VALUES (%s)", (len(acknowledged),))
                    acknowledged.append(len(acknowledged))
                    if len(acknowledged) == 50:
                        has_some.set()

        async with asyncio.timeout(60):
            writing = asyncio.create_task(write())
            await has_some.wait()
            for pid in postgres_in(tmp_path / "data"):
                os.kill(pid, signal.SIGKILL)
            with pytest.raises(Unavailable):
                await writing
            await server.died()
            await server.start()
        assert (await numbers(server.url))[: len(acknowledged)] == acknowledged


@needs_linux
async def test_it_is_gone_when_its_parent_is_killed_and_can_be_started_again(tmp_path: Path):
    parent = await run_program(tmp_path, "stay")
    await parent.stdout.readline()
    parent.kill()
    await parent.wait()
    await until(lambda: not postgres_in(tmp_path / "data"))
    async with embedded.serve(tmp_path) as server:
        assert await ask(server.url, "SELECT 1") == 1


async def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(tmp_path: Path):
    async with embedded.serve(tmp_path, settings=QUICK):
        kept = (tmp_path / "data" / "postmaster.pid").read_text().splitlines()
    kept[0] = str(os.getpid())
    (tmp_path / "data" / "postmaster.pid").write_text("\n".join([*kept, ""]))
    async with embedded.serve(tmp_path, settings=QUICK) as server:
        assert await ask(server.url, "SELECT 1") == 1


async def test_one_directory_is_for_one_recado(tmp_path: Path):
    async with embedded.serve(tmp_path, settings=QUICK):
        with pytest.raises(Misconfigured) as caught:
            async with embedded.serve(tmp_path):
                pass
    assert caught.value.code == "data_dir_in_use"


@needs_linux
async def test_what_an_earlier_recado_left_running_is_ended_first(tmp_path: Path):
    orphan = Server(find_site(tmp_path), QUICK)
    await orphan.start()
    async with embedded.serve(tmp_path, settings=QUICK) as server, asyncio.timeout(60):
        assert await orphan.died() == 0
        assert await ask(server.url, "SELECT 1") == 1


async def test_a_path_that_is_too_long_for_a_socket_works(tmp_path: Path):
    directory = tmp_path / ("far" * 30) / ("away" * 20)
    async with embedded.serve(directory, settings=QUICK) as server:
        assert await ask(server.url, "SELECT 1") == 1


async def test_a_start_that_was_broken_off_leaves_no_half_made_data(tmp_path: Path):
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "half").touch()
    async with embedded.serve(tmp_path, settings=QUICK) as server:
        assert await ask(server.url, "SELECT 1") == 1


async def test_a_directory_that_cannot_be_made_is_said_in_one_sentence():
    with pytest.raises(Misconfigured, match="The data directory /dev/null/x cannot be written: Not a directory"):
        async with embedded.serve(Path("/dev/null/x")):
            pass


async def test_a_postgresql_that_refuses_to_start_is_quoted(tmp_path: Path):
    with pytest.raises(Misconfigured, match="max_connections"):
        async with embedded.serve(tmp_path, settings={"fsync": "off", "max_connections": "many"}):
            pass


async def test_it_does_not_run_as_root(tmp_path: Path):
    async with embedded.serve(tmp_path, settings=QUICK):
        assert (tmp_path / "data").stat().st_uid != 0


@needs_root
async def test_directories_above_its_own_are_left_as_they_are(tmp_path: Path):
    before = [(part.stat().st_mode, part.stat().st_uid) for part in tmp_path.parents]
    async with embedded.serve(tmp_path / "postgres", settings=QUICK):
        assert [(part.stat().st_mode, part.stat().st_uid) for part in tmp_path.parents] == before


@needs_root
async def test_an_ordinary_user_can_run_it(open_path: Path):
    shutil.chown(open_path, "nobody")
    program = await run_program(open_path, user="nobody")
    said, _ = await program.communicate()
    assert (program.returncode, said.split()[:1]) == (0, [b"recado"])


async def ask(url: str, query: str) -> object:
    async with Database.open(url) as database, database.transaction() as tx:
        return await fetch_value(tx, query)


async def make_table(url: str) -> None:
    async with Database.open(url) as database, database.transaction() as tx:
        await tx.execute("CREATE TABLE kept (number integer)")


async def put(url: str, number: int) -> None:
    async with Database.open(url) as database, database.transaction() as tx:
        await tx.execute("INSERT INTO kept VALUES (%s)", (number,))


async def numbers(url: str) -> list[int]:
    async with Database.open(url) as database, database.transaction() as tx:
        return await fetch_values(tx, "SELECT number FROM kept ORDER BY number")


async def until_answering(database: Database) -> None:
    while True:
        try:
            return await database.ping()
        except Unavailable:
            await asyncio.sleep(0.02)


async def run_program(directory: Path, *arguments: str, user: str | None = None) -> asyncio.subprocess.Process:
    """PROGRAM in a Python of its own, as that user; with a Python that the user can reach when ours is none."""
    python = sys.executable if user is None else reachable_python()
    return await asyncio.create_subprocess_exec(
        python, "-c", PROGRAM, str(directory), *arguments,
        stdout=asyncio.subprocess.PIPE, cwd="/", user=user, group=user and "nogroup", extra_groups=user and [],
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )  # fmt: skip


def reachable_python() -> str:
    """This Python, or one of the same version that is installed for everybody."""
    ours = Path(sys.executable).resolve()
    if all(part.stat().st_mode & 0o001 for part in ours.parents):
        return sys.executable
    name = f"python3.{sys.version_info.minor}"
    if (found := shutil.which(name, path=os.defpath)) is None:
        pytest.skip(f"{ours} is closed to other users, and there is no {name} for everybody")
    return found
