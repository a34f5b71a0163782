"""A test that shares a Recado with others of its module runs in the module's loop, where that Recado lives."""

from __future__ import annotations

from typing import Final

import pytest
from pytest_asyncio import is_async_test

SHARED: Final = frozenset({"house", "street"})
"""The fixtures that are one for a module; where a test has one of that name to itself, nothing changes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and is_async_test(item) and _shares(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


def _shares(item: pytest.Function) -> bool:
    known = item._fixtureinfo.name2fixturedefs
    return any(known[name][-1].scope == "module" for name in SHARED.intersection(known))
