"""Talks to a running Recado: by RECADO_URL and RECADO_API_KEY, else by the Unix socket in the data directory."""

from __future__ import annotations

import http.client
import os
import socket
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import orjson

from recado.domain.errors import Misconfigured, RecadoError
from recado.settings import local_socket, read_settings

_PATIENCE_SECONDS: Final = 60.0


class Failed(RecadoError):
    """A problem that the server answered, in its own words."""


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_PATIENCE_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_PATIENCE_SECONDS)
        self.sock.connect(str(self._path))


def call(
    method: str,
    path: str,
    body: Any = None,
    *,
    headers: dict[str, str] | None = None,
    is_local: bool = False,
    **query: Any,
) -> Any:
    """One request; the answer's JSON, its bytes when it is something else, None when it is empty.

    `is_local` asks the one on this machine whatever RECADO_URL says. Raises Failed with the server's sentence,
    Misconfigured when nobody answers.
    """
    given = {name: value for name, value in query.items() if value is not None}
    target = path + (f"?{urlencode(given)}" if given else "")
    connection, sent = _connection("" if is_local else os.environ.get("RECADO_URL", ""))
    sent |= {"Accept": "application/json"} | (headers or {})
    content = None if body is None else orjson.dumps(body)
    if content is not None:
        sent["Content-Type"] = "application/json"
    try:
        connection.request(method, target, content, sent)
        answer = connection.getresponse()
        data = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Misconfigured(
            "not_running",
            f"No Recado answers at {_place(connection)}: {getattr(error, 'strerror', None) or error}.",
            hint="Start it with `recado up` (or `make run`), or set RECADO_URL and RECADO_API_KEY.",
        ) from None
    finally:
        connection.close()
    return _read(answer, data)


def segment(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")


def _connection(url: str) -> tuple[http.client.HTTPConnection, dict[str, str]]:
    if not url:
        return _SocketConnection(local_socket(read_settings())), {}
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misconfigured("wrong_url", f"RECADO_URL is {url!r}, which is not an http(s) address.")
    key = os.environ.get("RECADO_API_KEY")
    if not key:
        raise Misconfigured("missing_key", "RECADO_URL is set, but RECADO_API_KEY is not.", hint="Set it to a key.")
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return make(parts.hostname, parts.port, timeout=_PATIENCE_SECONDS), {"Authorization": f"Bearer {key}"}


def _place(connection: http.client.HTTPConnection) -> str:
    if isinstance(connection, _SocketConnection):
        return str(connection._path)
    return f"{connection.host}:{connection.port}"


def _read(answer: http.client.HTTPResponse, data: bytes) -> Any:
    kind = answer.headers.get_content_type()
    value = orjson.loads(data) if data and kind.endswith("json") else data
    if answer.status < 400:
        return value or None
    if isinstance(value, dict) and "detail" in value:
        raise Failed(str(value.get("code", "")), str(value["detail"]), hint=str(value.get("hint", "")))
    raise Failed("http_error", f"The server answered {answer.status}.")
