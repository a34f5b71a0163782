"""A copy of instances in one encrypted file, taken and put back without anything but a connection."""

from __future__ import annotations

from .archive import Manifest
from .resting import at_rest
from .restoring import Restored, restore
from .taking import Taken, take

__all__ = ["Manifest", "Restored", "Taken", "at_rest", "restore", "take"]
