"""Recado with one promise broken: its log writes down whatever it is given."""

from __future__ import annotations

from recado import telemetry
from recado.cli import main

telemetry.discreet = lambda logger, name, entry: entry
main()
