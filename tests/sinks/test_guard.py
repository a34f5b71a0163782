"""Which addresses a webhook may lead to."""

from __future__ import annotations

import contextlib

import pytest
from yarl import URL

from recado.domain.errors import Invalid, Misconfigured
from recado.sinks.guard import AddressRefused, Guard, host_of
from recado.sinks.names import system_lookup

REFUSED = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "100::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "::127.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "::ffff:0:127.0.0.1",
    "::ffff:168.63.129.16",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:470::5efe:7f00:1",
    "2001:470::200:5efe:a9fe:a9fe",
    "3fff::1",
    "5f00::1",
    "not-an-address",
]
PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


def leading_to(*addresses: str):
    async def lookup(_: str) -> list[str]:
        if not addresses:
            raise OSError("unknown")
        return list(addresses)

    return lookup


def guard(*allowed: str, addresses: tuple[str, ...] = ("93.184.216.34",)) -> Guard:
    return Guard(allowed, leading_to(*addresses))


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused_naming_the_setting(address: str):
    with pytest.raises(AddressRefused, match="RECADO_ALLOW_PRIVATE_WEBHOOKS"):
        guard().admit(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_admitted(address: str):
    guard().admit(address)


def test_a_network_in_the_setting_allows_its_addresses_also_when_they_are_mapped():
    allowing = guard("10.0.0.0/8")
    allowing.admit("10.1.2.3")
    allowing.admit("::ffff:10.1.2.3")


def test_a_network_in_the_setting_allows_no_other():
    with pytest.raises(AddressRefused):
        guard("10.0.0.0/8").admit("192.168.1.1")


@pytest.mark.parametrize("url", ["http://n8n.lan:5678/x", "http://N8N.LAN./x"])
async def test_a_host_in_the_setting_may_lead_anywhere(url: str):
    await guard("n8n.lan", addresses=("192.168.1.1",)).check(url)


async def test_a_name_with_one_private_address_among_public_ones_is_refused():
    with pytest.raises(Invalid) as refusal:
        await guard(addresses=("93.184.216.34", "192.168.1.1")).check("https://example.com/")
    assert (refusal.value.code, refusal.value.extra["setting"]) == (
        "webhook_address_refused",
        "RECADO_ALLOW_PRIVATE_WEBHOOKS",
    )


async def test_a_name_that_does_not_resolve_is_refused():
    with pytest.raises(Invalid) as refusal:
        await guard(addresses=()).check("https://nowhere.example/")
    assert refusal.value.code == "webhook_unresolved"


@pytest.mark.parametrize(
    "host",
    ["localhost", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.1", "0", "0xa9fea9fe",
     "2852039166", "0251.0376.0251.0376", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[fe80::1]",
     "user:password@127.0.0.1", "LOCALHOST", "127.0.0.1.", "localhost.", "0X7F.1", "0300.0250.1.1", "3232235777",
     "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
     "[fe80::1%25eth0]", "①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1", "%31%32%37.0.0.1", "example.com\\@127.0.0.1",
     "127.0.0.1%00.example.com"],
)  # fmt: skip
async def test_no_way_of_writing_a_private_address_gets_past_the_check(host: str):
    """With the system's own resolver, which reads numbers in every form that C programs have ever read them in."""
    with pytest.raises(Invalid) as refusal:
        await Guard((), system_lookup).check(f"http://{host}/hook")
    assert refusal.value.code in ("webhook_address_refused", "webhook_unresolved")


@pytest.mark.parametrize(
    "authority", ["127.0.0.1\\@n8n.lan", "n8n.lan\\@127.0.0.1", "127.0.0.1#@n8n.lan", "n8n.lan@::1"]
)
def test_the_host_that_is_checked_is_the_host_that_is_called(authority: str):
    """Two readers of one URL that disagree about its host are a way past every list."""
    url = f"http://{authority}/hook"
    with contextlib.suppress(ValueError, Invalid):
        assert host_of(url) == URL(url).host


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "javascript:alert(1)", "example.com", "http://", "http://:80/", "http://a:99999/", "",
     "http://exa mple.com/", "http://[::1", "file:///etc/passwd", "http://example.com/" + "a" * 3000],
)  # fmt: skip
async def test_what_is_no_http_url_is_refused(url: str):
    with pytest.raises(Invalid) as refusal:
        await guard().check(url)
    assert (refusal.value.code, refusal.value.extra["field"]) == ("webhook_url_invalid", "url")


def test_a_setting_with_a_wrong_network_is_a_clear_error():
    with pytest.raises(Misconfigured, match=r"10\.0\.0\.0/33"):
        guard("10.0.0.0/33")
