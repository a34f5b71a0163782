"""What all requests have in common: text that a database can keep, bodies without unknown fields, pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict

from recado.domain.texts import storable


def _keepable(text: str) -> str:
    if storable(text) != text:
        raise ValueError("NUL (U+0000) and halves of surrogate pairs are not allowed")
    return text


Text = Annotated[str, AfterValidator(_keepable)]


class Body(BaseModel):
    """A request's JSON. An unknown field is an error: most often it is a misspelt one."""

    model_config = ConfigDict(extra="forbid")


Limit = Annotated[int, Query(ge=1, le=500, description="How many at most")]
Cursor = Annotated[Text | None, Query(description="`next` of the page before", max_length=300)]
