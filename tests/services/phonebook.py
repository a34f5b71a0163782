"""A phone whose app state the test writes, as an engine would tell of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from recado.domain.engine import EngineError
from recado.domain.sync import AppStateFetched, AppStateItem, AppStateItems
from tests.stillclock import START

Hears = Callable[[AppStateItems], Awaitable[None]]
PLACES = {
    "contact": "critical_unblock_low",
    "setting_pushName": "critical_block",
    "mute": "regular_high",
    "archive": "regular_low",
    "pin_v1": "regular_low",
    "markChatAsRead": "regular_low",
}


class Phonebook:
    """Every `set` and `remove` is a version. A read tells what came after the version asked from, or all of it.

    `reads` are the reads that succeeded: collection and whether it was from the start; `wrong` says how many reads of a
    collection will fail.
    """

    def __init__(self) -> None:
        self.hears: Hears | None = None
        self.reads: list[tuple[str, bool]] = []
        self.tries: list[tuple[str, int | None]] = []
        self.wrong: defaultdict[str, int] = defaultdict(int)
        self.host_forgets = False  # the host's version is not the one that Recado has
        self.before_answer: Callable[[], Awaitable[None]] | None = None
        self._entries: defaultdict[str, dict[tuple[str, ...], tuple[int, dict[str, Any]]]] = defaultdict(dict)
        self._removals: defaultdict[str, list[int]] = defaultdict(list)
        self._versions: defaultdict[str, int] = defaultdict(int)

    def set(self, *index: str, at: datetime = START, **value: Any) -> str:
        """Write an entry; the name of its collection."""
        collection = PLACES.get(index[0], "regular")
        self._versions[collection] += 1
        value = {"timestamp": str(int(at.timestamp() * 1000))} | value
        self._entries[collection][index] = (self._versions[collection], value)
        return collection

    def name(self, jid: str, name: str, **fields: Any) -> str:
        at = fields.pop("at", START)
        return self.set("contact", jid, at=at, contactAction={"fullName": name} | fields)

    def remove(self, *index: str) -> str:
        collection = PLACES.get(index[0], "regular")
        self._versions[collection] += 1
        del self._entries[collection][index]
        self._removals[collection].append(self._versions[collection])
        return collection

    async def fetch_app_state(self, session: str, fence: int, collection: str, version: int | None) -> AppStateFetched:
        self.tries.append((collection, version))
        if self.wrong[collection] > 0:
            self.wrong[collection] -= 1
            raise EngineError("server", "mismatching patch MAC", may_retry=True)
        is_full = version is None or version == 0 or self.host_forgets
        since = 0 if is_full else version or 0
        items = tuple(
            AppStateItem(index=index, value=value)
            for index, (at, value) in sorted(self._entries[collection].items(), key=lambda entry: entry[1][0])
            if at > since
        )
        for n in range(0, len(items), 200):
            assert self.hears is not None
            await self.hears(AppStateItems(session=session, collection=collection, items=items[n : n + 200]))
        if self.before_answer is not None:
            await self.before_answer()
        self.reads.append((collection, is_full))
        removed = 0 if is_full else sum(at > since for at in self._removals[collection])
        return AppStateFetched(version=self._versions[collection], was_full=is_full, removed=removed)
