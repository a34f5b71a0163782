"""The order of a run: what takes long comes first, so that no worker is left with it; the rest stays as shuffled.

Workers begin with equal shares of this order and take from the end of one another's (`--dist worksteal`), so that the
stories of the pages, which share a browser and the Recados of a session, stay together on one of them.
"""

from __future__ import annotations

import pytest

LONGEST = ("ui", "story", "engine")
"""Marks, the longest tests first."""


def turn(item: pytest.Item) -> int:
    """The place of its kind in the run."""
    return next((place for place, mark in enumerate(LONGEST) if item.get_closest_marker(mark)), len(LONGEST))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=turn)
