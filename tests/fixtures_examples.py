"""How examples are drawn: new ones in each run; how long one takes is the machine's affair, and no fault."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("recado", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("recado")
