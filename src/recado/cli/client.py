"""Talks to a running Recado: by RECADO_URL and RECADO_API_KEY, else by the Unix socket in the data directory."""

from __future__ import annotations

import http.client
import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from recado.domain.errors import Misconfigured, RecadoError
from recado.settings import local_socket, read_settings

_PATIENCE_SECONDS = 60.0


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


def call(method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: Any) -> Any:
    """One request; the answer's JSON, its bytes when it is something else, None when it is empty.

    Raises Failed with the server's sentence, Misconfigured when nobody answers.
    """
    given = {name: value for name, value in query.items() if value is not None}
    target = path + (f"?{urlencode(given)}" if given else "")
    connection, sent = _connection()
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
            f"No Recado answers at {_where()} ({error}).",
            hint="Start it with `recado up` (or `make run`), or set RECADO_URL and RECADO_API_KEY.",
        ) from None
    finally:
        connection.close()
    return _read(answer, data)


def segment(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")


def _where() -> str:
    return os.environ.get("RECADO_URL") or str(local_socket(read_settings()))


def _connection() -> tuple[http.client.HTTPConnection, dict[str, str]]:
    url = os.environ.get("RECADO_URL")
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


def _read(answer: http.client.HTTPResponse, data: bytes) -> Any:
    kind = answer.headers.get_content_type()
    value = orjson.loads(data) if data and kind.endswith("json") else data
    if answer.status < 400:
        return value or None
    if isinstance(value, dict) and "detail" in value:
        raise Failed(str(value.get("code", "")), str(value["detail"]), hint=str(value.get("hint", "")))
    raise Failed("http", f"The server answered {answer.status}.")
