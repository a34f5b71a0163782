"""How the domain's values look in JSON, in one place for all routes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from recado.domain.events import rfc3339
from recado.domain.instances import Instance, Pairing
from recado.domain.page import Page

T = TypeVar("T")


def time(value: datetime | None) -> str | None:
    return rfc3339(value) if value is not None else None


def page(of: Page[T], shape: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
    return {"items": [shape(item) for item in of.items], "next": of.next}


def instance(row: Instance) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "instance_name": row.instance_name,
        "status": row.status,
        "state": row.state,
        "reason": row.reason,
        "user_action": row.user_action,
        "wanted": row.wanted,
        "attempt": row.attempt,
        "next_at": time(row.next_at),
        "deadline": time(row.deadline),
        "since": time(row.since),
        "checked_at": time(row.checked_at),
        "last_activity_at": time(row.last_activity_at),
        "phone_number": row.phone_number,
        "lid": row.lid,
        "push_name": row.push_name,
        "platform": row.platform,
        "webhook_url": row.webhook_url,
        "engine": row.engine,
        "owner_id": str(row.owner_id) if row.owner_id else None,
        "created_at": time(row.created_at),
        "updated_at": time(row.updated_at),
    }


def pairing(row: Pairing) -> dict[str, Any]:
    return {"method": row.method, row.method: row.code, "phone": row.phone, "expires_at": time(row.expires_at)}
