"""What went wrong on the way to a receiver, as a sentence for the person who reads the attempts."""

from __future__ import annotations

import aiohttp


def sentence(error: Exception) -> str:
    """Never empty, one line of at most 300 characters, without what a database would refuse."""
    return " ".join(storable(_said(error)).split())[:300]


def storable(text: str) -> str:
    """The text without NUL and lone surrogates: what a stranger sent may hold both."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _said(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"the name {error.host} does not resolve"
        case aiohttp.ClientConnectorCertificateError():
            return f"its certificate is not valid: {error.certificate_error}"
        case aiohttp.ClientConnectorError():
            return f"no connection: {error.os_error.strerror or error.os_error}"
        case aiohttp.ConnectionTimeoutError():
            return "no connection in time"
        case TimeoutError():
            return "no answer in time"
        case aiohttp.ServerDisconnectedError():
            return "the connection was closed without an answer"
        case aiohttp.ClientOSError():
            return f"the connection broke: {error.strerror or error}"
        case _:
            return f"{type(error).__name__}: {error}"
