"""What all requests have in common: text that a database can keep, bodies without unknown fields, pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("the character NUL (U+0000) is not allowed")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]


class Body(BaseModel):
    """A request's JSON. An unknown field is an error: most often it is a misspelt one."""

    model_config = ConfigDict(extra="forbid")


Limit = Annotated[int, Query(ge=1, le=500, description="How many at most")]
Cursor = Annotated[Text | None, Query(description="`next` of the page before", max_length=300)]
