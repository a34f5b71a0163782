"""What a `waE2E.Message` says: its kind, its text, and all there is to show; never a key, nor where a file lies."""

from .reading import Content, read_json
from .wire import is_view_once, read_wire

__all__ = ["Content", "is_view_once", "read_json", "read_wire"]
