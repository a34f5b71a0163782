"""What can be wrong with app state."""

from __future__ import annotations


class AppStateRefused(ValueError):
    """A patch or snapshot does not hold: malformed, of an unknown key, or one of its MACs is wrong."""


class AppStateConflict(RuntimeError):
    """A patch was written on a version that is not the newest one any more."""
