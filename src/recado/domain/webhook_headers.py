"""Headers of their own that people give a webhook: which ones can be sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from .errors import Invalid

_MOST: Final = 20
_LONGEST: Final = 4096
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS: Final = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "expect", "upgrade", "te", "trailer"}
)


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, if all can be sent. Raises Invalid (field `headers`)."""
    if len(headers) > _MOST:
        raise _wrong(f"A webhook has at most {_MOST} headers of its own.")
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise _wrong(f"{name!r} is no name for a header.")
        if name.lower() in _OURS or name.lower().startswith("webhook-"):
            raise _wrong(f"The header {name} is set by Recado.")
        if len(value) > _LONGEST or not _VALUE.fullmatch(value):
            raise _wrong(f"The value of {name} cannot be sent: Latin-1 without line breaks, {_LONGEST} characters.")
    return dict(headers)


def _wrong(detail: str) -> Invalid:
    return Invalid("wrong_header", detail, field="headers")
