"""The language of what is said to people: Portuguese when the request prefers it, else English."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from recado.domain.language import preferred
from recado.domain.timeline import Language

from .inputs import Text


async def _language(
    accept_language: Annotated[Text | None, Header(description="`pt-BR`, or English")] = None,
) -> Language:
    return preferred(accept_language or "")


Said = Annotated[Language, Depends(_language)]
