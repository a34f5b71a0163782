"""A WhatsApp network on loopback: a server, phones that scan, contacts that talk, and faults on demand."""

from __future__ import annotations

from recado_simulator.contact import Contact
from recado_simulator.disorder import UntidyHistory, untidy
from recado_simulator.group import Group
from recado_simulator.history import Chunk, Conversation, History, HistoryMessage, SyncType
from recado_simulator.ledger import Ledger, LedgerRow
from recado_simulator.network import Network
from recado_simulator.options import NetworkOptions
from recado_simulator.pairings import ScanRefused
from recado_simulator.phone import Phone
from recado_simulator.prepared import Prepared
from recado_simulator.tokens import TokensMissing
from recado_simulator.witness import Sighting, Witness

__all__ = [
    "Chunk",
    "Contact",
    "Conversation",
    "Group",
    "History",
    "HistoryMessage",
    "Ledger",
    "LedgerRow",
    "Network",
    "NetworkOptions",
    "Phone",
    "Prepared",
    "ScanRefused",
    "Sighting",
    "SyncType",
    "TokensMissing",
    "UntidyHistory",
    "Witness",
    "untidy",
]
