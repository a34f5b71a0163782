"""A page of a longer list, with the cursor that leads to the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """`next` is an opaque cursor, None on the last page; `previous` leads back, where a list has two directions."""

    items: list[T]
    next: str | None = None
    previous: str | None = None
