"""What a phone keeps of the past, how it offers that to a linked device, and how it answers when asked for more."""

from __future__ import annotations

from recado_simulator.history.chunk import Chunk, SyncType
from recado_simulator.history.conversation import FOREVER, Conversation, End, Rank
from recado_simulator.history.desk import HistoryDesk
from recado_simulator.history.message import HistoryMessage, Status, Stub
from recado_simulator.history.offer import Offer, Offers
from recado_simulator.history.packing import Broken
from recado_simulator.history.past import History, Past

__all__ = [
    "FOREVER",
    "Broken",
    "Chunk",
    "Conversation",
    "End",
    "History",
    "HistoryDesk",
    "HistoryMessage",
    "Offer",
    "Offers",
    "Past",
    "Rank",
    "Status",
    "Stub",
    "SyncType",
]
