"""Headers of their own that people give a webhook: which ones can be sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .errors import Invalid

_MOST: Final = 20
_LONGEST: Final = 4096
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# What Recado sets itself, and what concerns one connection only (RFC 9110, 7.6.1) and would break or redirect it.
_OURS: Final = frozenset(
    {"host", "content-length", "content-type", "content-encoding", "accept", "accept-encoding", "user-agent"}
)
_OF_THE_CONNECTION: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "http2-settings"}
)


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, if all can be sent. Raises Invalid (field `headers`)."""
    if len(headers) > _MOST:
        raise _wrong(f"A webhook has at most {_MOST} headers of its own.", why="most", most=_MOST)
    if len({name.lower() for name in headers}) < len(headers):
        raise _wrong("The same header is given twice; its case makes no difference.", why="twice")
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise _wrong(f"{name!r} is no name for a header.", why="name", header=name[:100])
        if name.lower() in _OURS or name.lower().startswith("webhook-"):
            raise _wrong(f"The header {name} is set by Recado.", why="ours", header=name)
        if name.lower() in _OF_THE_CONNECTION or name.lower().startswith("proxy-"):
            detail = f"The header {name} belongs to the connection, and cannot be sent along."
            raise _wrong(detail, why="connection", header=name)
        if len(value) > _LONGEST or not _VALUE.fullmatch(value):
            detail = f"The value of {name} cannot be sent: Latin-1 without line breaks, {_LONGEST} characters."
            raise _wrong(detail, why="value", header=name, longest=_LONGEST)
    return dict(headers)


def _wrong(detail: str, **extra: Any) -> Invalid:
    return Invalid("wrong_header", detail, field="headers", **extra)
