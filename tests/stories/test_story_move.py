"""The story of an instance that moves to another machine: it goes on there without a scan, and here no more."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from recado.domain.errors import RecadoError
from tests.fixtures_database import TEMPLATE, copied, named
from tests.stories.product import Product, product

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def other_database_url(server_url, _caretaker):
    with copied(_caretaker, TEMPLATE) as name:
        yield named(server_url, name)


async def command(running: Product, *arguments: str | Path) -> str:
    """A command beside it, on its database; what it said. Raises when it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "recado", *map(str, arguments),
        env=running.environment | {"RECADO_BACKUP_PASSPHRASE": PASSPHRASE},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_an_instance_moves_with_its_session_and_never_runs_in_two_places(
    recado, network, phone, maria, tmp_path, other_database_url
):
    await recado.pair("loja", phone)
    await maria.send_text(phone, "before")
    file = tmp_path / "loja.backup"
    said = await command(recado, "instance", "export", "loja", file, "--messages", "--move")
    assert "moved" in said
    row = await recado.until_state("loja", "stopped")
    assert (row["reason"], row["wanted"]) == ("moved", "stopped")
    with pytest.raises(RecadoError) as caught:
        await recado.call("POST", "/v1/instances/loja/start")
    assert caught.value.code == "moved"

    meanwhile = await maria.send_text(phone, "on the way")
    os.mkdir(tmp_path / "there")
    async with product(tmp_path / "there", network, database_url=other_database_url) as there:
        await command(there, "instance", "import", file)
        row = await there.until_state("loja", "connected")
        assert row["phone_number"] == phone.phone
        await network.ledger.wait(lambda ledger: ledger.row(phone, meanwhile).confirmed_at, timeout=60)
        page = await there.call("GET", "/v1/instances/loja/messages")
        assert [message["text"] for message in page["items"]] == ["on the way", "before"]
        timeline = await there.call("GET", "/v1/instances/loja/timeline", language="pt")
        assert any("backup" in entry["sentence"] for entry in timeline["items"])
        assert (await recado.instance("loja"))["state"] == "stopped"
