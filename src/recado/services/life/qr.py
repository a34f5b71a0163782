"""A code as a picture that a browser shows."""

from __future__ import annotations

import segno

_SCALE = 4
_BORDER = 4


def picture_of(code: str) -> str:
    """A PNG as a data URL; the quiet zone that scanners need is in it."""
    return str(segno.make(code, error="l", micro=False).png_data_uri(scale=_SCALE, border=_BORDER))
