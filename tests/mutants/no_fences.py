"""Recado with one promise broken: fences never grow, and nobody lets go of what is no longer theirs."""

from __future__ import annotations

from datetime import timedelta

from recado.cli import main
from recado.domain.terms import Terms
from recado.engines.whatsmeow import Whatsmeow
from recado.services.tenure import Tenure
from recado.store import leases

GROWS = "fence = old.fence + 1, until = excluded.until"

assert leases._ACQUIRE.count(GROWS) == 1
leases._ACQUIRE = leases._ACQUIRE.replace(GROWS, "fence = old.fence, until = excluded.until")  # type: ignore[misc]
Terms.session = timedelta(hours=1)  # type: ignore[assignment, method-assign]
Whatsmeow._may_hold = lambda *_: True  # type: ignore[method-assign]
Tenure.is_over = property(lambda _: False)  # type: ignore[assignment]
main()
