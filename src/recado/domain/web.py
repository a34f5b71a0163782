"""Being signed in to the pages: for how long, and with which key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

LINK_FOR: Final = timedelta(minutes=15)
IDLE_FOR: Final = timedelta(days=7)
AT_MOST: Final = timedelta(days=30)
_EXTENDED_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """Somebody who has signed in with that key. It ends after 7 days without a page, and after 30 days in any case."""

    key_id: UUID
    created_at: datetime
    expires_at: datetime


def begun(key_id: UUID, now: datetime) -> WebSession:
    return WebSession(key_id=key_id, created_at=now, expires_at=now + IDLE_FOR)


def prolonged(session: WebSession, now: datetime) -> WebSession:
    """The same session, used now; itself when it was prolonged within the last hour."""
    expires_at = min(now + IDLE_FOR, session.created_at + AT_MOST)
    return replace(session, expires_at=expires_at) if expires_at - session.expires_at >= _EXTENDED_EVERY else session
