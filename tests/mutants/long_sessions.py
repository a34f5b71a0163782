"""Recado with one promise broken: the engine keeps sessions for an hour, whatever becomes of their leases."""

from __future__ import annotations

from datetime import timedelta

from recado.cli import main
from recado.domain.terms import Terms
from recado.engines.whatsmeow import Whatsmeow

Terms.session = timedelta(hours=1)  # type: ignore[assignment, method-assign]
Whatsmeow._may_hold = lambda *_: True  # type: ignore[method-assign]
main()
