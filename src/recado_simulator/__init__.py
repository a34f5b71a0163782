"""A WhatsApp network on loopback: a server, phones that scan, contacts that talk, and faults on demand."""

from __future__ import annotations

from recado_simulator.contact import Contact
from recado_simulator.ledger import Ledger, LedgerRow
from recado_simulator.network import Network
from recado_simulator.options import NetworkOptions
from recado_simulator.pairings import ScanRefused
from recado_simulator.phone import Phone
from recado_simulator.prepared import Prepared
from recado_simulator.tokens import TokensMissing

__all__ = [
    "Contact",
    "Ledger",
    "LedgerRow",
    "Network",
    "NetworkOptions",
    "Phone",
    "Prepared",
    "ScanRefused",
    "TokensMissing",
]
