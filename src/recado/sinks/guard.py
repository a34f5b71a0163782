"""Which addresses a webhook may lead to: the public ones, and those that a setting allows."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

from recado.domain.errors import Invalid, Misconfigured

from .names import Lookup

SETTING: Final = "RECADO_ALLOW_PRIVATE_WEBHOOKS"
LONGEST_URL: Final = 2048

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_CARRYING_IPV4: Final = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("64:ff9b::/96"))
# Protocol assignments (Oracle's metadata service is among them) and the old 6to4 relays.
_SPECIAL: Final = (ipaddress.IPv4Network("192.0.0.0/24"), ipaddress.IPv4Network("192.88.99.0/24"))
# Documentation (RFC 9637), which the standard library does not know yet.
_EXAMPLES: Final = ipaddress.IPv6Network("3fff::/20")
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
# Azure's metadata service answers on an address that is public by its number.
_METADATA: Final = frozenset({ipaddress.IPv4Address("168.63.129.16")})


class AddressRefused(OSError):
    """Raised instead of opening a socket; the text names the address and the setting."""


class Guard:
    """`allowed` holds networks (`10.0.0.0/8`, `127.0.0.1`) and host names, as the setting gives them."""

    def __init__(self, allowed: Iterable[str], lookup: Lookup) -> None:
        entries = [entry.strip() for entry in allowed if entry.strip()]
        networks = [(entry, _network(entry)) for entry in entries]
        self._networks = [network for _, network in networks if network is not None]
        self._hosts = frozenset(_plain(entry) for entry, network in networks if network is None)
        self._lookup = lookup

    def trusts(self, host: str) -> bool:
        """Whether the setting names this host, so that its addresses need no check."""
        return _plain(host) in self._hosts

    def admit(self, address: str) -> None:
        """Raises AddressRefused for an address that must not be called."""
        kind = self._refusal(address)
        if kind is not None:
            raise AddressRefused(f"{address} is {kind}; {SETTING} can allow it")

    async def check(self, url: str) -> None:
        """Raises Invalid (field `url`) when the URL is not http(s), does not resolve, or leads where it must not."""
        host = host_of(url)
        if self.trusts(host):
            return
        try:
            addresses = await self._lookup(host)
        except OSError:
            raise Invalid(
                "webhook_unresolved",
                f"The name {host} does not resolve.",
                field="url",
                hint="Check the spelling, or try again when the name exists.",
                host=host,
            ) from None
        for address in addresses:
            kind = self._refusal(address)
            if kind is not None:
                raise Invalid(
                    "webhook_address_refused",
                    f"{host} leads to {address}, which is {kind}.",
                    field="url",
                    hint=f"Use a public address, or allow this one with {SETTING} (hosts or networks).",
                    setting=SETTING,
                    host=host,
                    address=address,
                )

    def _refusal(self, text: str) -> str | None:
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return "not an address"
        inner = _inside(address)
        if any(address in network or inner in network for network in self._networks):
            return None
        return kind_of(inner)


def kind_of(address: Address) -> str | None:
    """What makes an address one that strangers must not make us call; None for a public one."""
    if address.is_unspecified or address.is_loopback:
        return "a loopback address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    if address in _METADATA:
        return "a metadata service"
    if not address.is_global or address.is_reserved or any(address in network for network in _SPECIAL):
        return "a private address"
    if isinstance(address, ipaddress.IPv6Address) and (address.is_site_local or address in _EXAMPLES):
        return "a private address"
    return None


def _inside(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries (mapped, compatible, 6to4, Teredo, NAT64, ISATAP), else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _CARRYING_IPV4) or (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def host_of(url: str) -> str:
    """The host that a URL leads to. Raises Invalid (field `url`) when it is not http(s) or cannot be read."""
    if len(url) > LONGEST_URL:
        raise _not_a_url(f"The URL is longer than {LONGEST_URL} characters.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _not_a_url("The URL cannot be read.") from None
    if not _is_http(parts) or not host or any(letter.isspace() for letter in url):
        raise _not_a_url("A webhook's URL starts with http:// or https:// and names a host.")
    return host


def _is_http(parts: SplitResult) -> bool:
    return parts.scheme in ("http", "https")


def _not_a_url(detail: str) -> Invalid:
    return Invalid("webhook_url_invalid", detail, field="url", hint="For example https://example.com/hooks/recado")


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        if "/" in entry:
            raise Misconfigured(
                "setting_invalid", f"{SETTING}: {entry} is not a network.", hint="For example 10.0.0.0/8"
            ) from None
        return None


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
