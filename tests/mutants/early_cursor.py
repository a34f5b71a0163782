"""Recado with one promise broken: a webhook's cursor moves before the receiver has answered."""

from __future__ import annotations

from recado.cli import main
from recado.domain.progress import Progress


def break_promise() -> None:
    """What was taken counts as settled, for the cursor that is written."""
    Progress.cursor = property(lambda self: self._reached)  # type: ignore[assignment]


if __name__ == "__main__":
    break_promise()
    main()
