"""What all requests have in common: text that a database can keep, bodies without unknown fields, pages."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from recado.domain.texts import storable

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _keepable(text: str) -> str:
    if storable(text) != text:
        raise ValueError("NUL (U+0000) and halves of surrogate pairs are not allowed")
    return text


Text = Annotated[str, AfterValidator(_keepable)]


def _moment(value: object) -> datetime:
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        with contextlib.suppress(ValueError, OverflowError):
            return datetime.fromisoformat(value.upper().replace("Z", "+00:00")).astimezone(UTC)
    raise ValueError("a time of RFC 3339 with its offset is needed, as 2026-11-24T09:00:00-03:00 or …T12:00:00Z")


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-24T09:00:00-03:00"]}),
]


class Body(BaseModel):
    """A request's JSON. An unknown field is an error: most often it is a misspelt one."""

    model_config = ConfigDict(extra="forbid")


Limit = Annotated[int, Query(ge=1, le=500, description="How many at most")]
Search = Annotated[Text | None, Query(description="A part of a name or of a number", max_length=100)]
Cursor = Annotated[Text | None, Query(description="`next` of the page before", max_length=300)]
