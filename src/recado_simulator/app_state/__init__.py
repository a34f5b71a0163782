"""App state: settings of chats and the address book, encrypted between a phone and its linked devices."""

from __future__ import annotations

from recado_simulator.app_state.record import Entry
from recado_simulator.app_state.state import AppState

__all__ = ["AppState", "Entry"]
