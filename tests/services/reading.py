"""What tests of reading have in common."""

from __future__ import annotations

from typing import Any

from recado.domain.instances import Instance
from recado.store import instances
from tests.store.house import House


async def instance_of(house: House) -> Instance:
    async with house.database.transaction() as tx:
        found = await instances.get(tx, house.id)
    assert found is not None
    return found


async def pages(read: Any, *args: Any, limit: int = 2, **options: Any) -> list[Any]:
    """All items of a list, two at a time."""
    items, after = [], None
    while True:
        page = await read(*args, after=after, limit=limit, **options)
        page = page[0] if isinstance(page, tuple) else page
        assert len(page.items) <= limit
        items += page.items
        if page.next is None:
            return items
        after = page.next
