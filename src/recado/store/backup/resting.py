"""Before a move: the instances come to rest, so that what is copied is the last of them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Final, LiteralString
from uuid import UUID

import psycopg

from recado.domain.errors import Unavailable

_LOOK_EVERY: Final = 0.2
_STOP: Final[LiteralString] = """
UPDATE public.whatsapp_instances SET wanted = 'stopped', wanted_at = clock_timestamp()
WHERE wanted <> 'stopped' AND (%(names)s::text[] IS NULL OR instance_name = ANY(%(names)s)) RETURNING id
"""
# Nobody looks after them from now on, so nobody writes to them.
_SET_ASIDE: Final[LiteralString] = """
WITH aside AS (
  UPDATE public.whatsapp_instances SET reason = 'moving', updated_at = now()
  WHERE reason IS DISTINCT FROM 'moved' AND (%(names)s::text[] IS NULL OR instance_name = ANY(%(names)s)) RETURNING id
)
UPDATE recado.leases l SET fence = l.fence + 1, holder = NULL, until = '-infinity'
FROM aside WHERE l.kind = 'instance' AND l.subject = aside.id
"""
_GO_ON: Final[LiteralString] = """
UPDATE public.whatsapp_instances SET reason = CASE WHEN reason = 'moving' THEN NULL ELSE reason END,
  wanted = CASE WHEN id = ANY(%(stopped)s) THEN 'running' ELSE wanted END, wanted_at = clock_timestamp()
WHERE id = ANY(%(stopped)s) OR reason = 'moving' AND (%(names)s::text[] IS NULL OR instance_name = ANY(%(names)s))
"""
_RUNNING: Final[LiteralString] = """
SELECT i.instance_name FROM public.whatsapp_instances i
JOIN recado.leases l ON l.kind = 'instance' AND l.subject = i.id
WHERE l.holder IS NOT NULL AND l.until > clock_timestamp() AND i.state NOT IN ('stopped', 'logged_out', 'failed')
  AND (%(names)s::text[] IS NULL OR i.instance_name = ANY(%(names)s))
ORDER BY i.instance_name
"""


@contextlib.contextmanager
def at_rest(
    url: str, names: Collection[str] | None, *, patience: timedelta = timedelta(seconds=60)
) -> Iterator[frozenset[UUID]]:
    """Ask whoever runs them to stop, wait for it, set them aside; given are those that were wanted until now.

    If the block fails they are wanted again. What nobody runs is at rest. Raises Unavailable when it takes too long.
    """
    chosen = {"names": None if names is None else list(names)}
    with psycopg.connect(url, application_name="recado backup", autocommit=True) as connection:
        stopped = frozenset(id for (id,) in connection.execute(_STOP, chosen).fetchall())
        try:
            until = time.monotonic() + patience.total_seconds()
            while running := [name for (name,) in connection.execute(_RUNNING, chosen).fetchall()]:
                if time.monotonic() > until:
                    raise Unavailable(
                        "still_running",
                        f"{running[0]} does not stop; nothing was moved.",
                        hint="Stop Recado itself, then move.",
                    )
                time.sleep(_LOOK_EVERY)
            connection.execute(_SET_ASIDE, chosen)
            yield stopped
        except BaseException:
            connection.execute(_GO_ON, chosen | {"stopped": list(stopped)})
            raise
