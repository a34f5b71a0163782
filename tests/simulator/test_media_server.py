"""Attachments lie on the network's own port."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import aiohttp
import pytest


@pytest.fixture
async def http(network):
    async with aiohttp.ClientSession(f"http://{network.host}") as http:
        yield http


async def upload(http, data: bytes) -> dict[str, str]:
    async with http.post("/mms/image/token", data=data) as answer:
        return await answer.json()


async def test_the_client_is_sent_to_the_networks_port(client, network):
    answer = (await client.ask("w:m", type="set")).first("media_conn")

    assert answer.first("host").text("hostname") == network.host
    assert {"auth", "ttl", "auth_ttl", "max_buckets"} <= set(answer.attrs)


async def test_an_uploaded_file_is_found_under_its_direct_path(http):
    path = (await upload(http, b"secret" * 100_000))["direct_path"]

    async with http.get(f"{path}&hash=x&mms-type=image&__wa-mms=") as answer:
        assert await answer.read() == b"secret" * 100_000


async def test_an_unknown_path_is_404(http):
    async with http.get("/v/image/none") as answer:
        assert answer.status == 404


async def test_a_removed_file_is_gone(http):
    path = (await upload(http, b"secret"))["direct_path"]
    named = urlsafe_b64encode(path.partition("?")[0].encode()).decode().rstrip("=")
    async with http.delete("/mms/md-msg-hist/token", params={"d_md": named}) as answer:
        assert answer.status == 200

    async with http.get(path) as answer:
        assert answer.status == 404
