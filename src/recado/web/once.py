"""Forms that are sent twice: the second one does nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from recado.domain.errors import Conflict

_REMEMBERS: Final = 10_000


class Once:
    """Remembers the `once` of the forms that were carried out by this process, the newest ten thousand."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def claim(self, once: str) -> bool:
        """Whether this is the first time; give it back with `release` when the form was not carried out."""
        if once in self._seen:
            return False
        self._seen[once] = None
        if len(self._seen) > _REMEMBERS:
            self._seen.popitem(last=False)
        return True

    def release(self, once: str) -> None:
        self._seen.pop(once, None)

    @contextmanager
    def first(self, once: str) -> Iterator[None]:
        """Carry a form out within this block, once. Raises Conflict the second time; an error gives it back."""
        once = once[:100]
        if once and not self.claim(once):
            raise Conflict("sent_twice", "This form had been sent already; nothing was done a second time.")
        try:
            yield
        except BaseException:
            self.release(once)
            raise
