"""Which session brings the engine down: found from what each crash had in hand, by trial where that is not enough."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

TWICE_WITHIN: Final = timedelta(minutes=10)
PAROLE: Final = timedelta(hours=1)
OWN_DOING: Final = frozenset({"crash", "hang"})


class Blame:
    """Told of every crash. Whoever was suspected both times, alone, is guilty; of several each is tried alone.

    A suspect is one of which something was unanswered when the engine fell, or that had been opened just before.
    """

    def __init__(self) -> None:
        self._last: tuple[datetime, frozenset[str]] | None = None
        self._guilty: dict[str, datetime] = {}
        self._line: list[str] = []
        self._tried: str | None = None

    def crashed(self, suspects: Collection[str], at: datetime) -> str | None:
        """The engine fell by its own doing. The session that is guilty of it, if one is found."""
        before, now = self._last, frozenset(suspects)
        self._last = (at, now)
        tried, self._tried = self._tried, None
        relapsed = [one for one in sorted(now) if at - self._guilty.get(one, at - PAROLE) < PAROLE]
        if tried is not None and tried in now:
            return self._convict(tried, at)
        if len(relapsed) == 1:
            return self._convict(relapsed[0], at)
        if before is None or at - before[0] > TWICE_WITHIN:
            return None
        both = now & before[1]
        if len(both) == 1:
            return self._convict(next(iter(both)), at)
        self._line = sorted(both | set(self._line))
        return None

    def holds_back(self, session: str) -> bool:
        """Whether it has to wait for its trial when the engine is back."""
        return session in self._line

    def next_to_try(self) -> str | None:
        """The one that is to be started now, while the others of the line wait; None when nobody waits."""
        self._tried = self._line.pop(0) if self._line else None
        return self._tried

    def acquit(self, session: str) -> None:
        """It was started, and the engine stands."""
        if self._tried == session:
            self._tried = None

    def _convict(self, session: str, at: datetime) -> str:
        self._guilty[session] = at
        self._line = [one for one in self._line if one != session]
        self._last = None
        return session
