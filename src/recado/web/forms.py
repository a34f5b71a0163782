"""What a form says when it could not be carried out, beside the field that it is about; what was typed stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from recado.domain.errors import Invalid, RecadoError

from .look import Look
from .problem import sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """`field` is empty when it is about the form as a whole."""

    field: str
    detail: str
    hint: str
    status: int

    def at(self, field: str) -> bool:
        return self.field == field


def trouble_of(look: Look, error: RecadoError, *fields: str) -> Trouble:
    """In the page's language; about the whole form unless the error names one of its fields."""
    detail, hint = sentences(look, error)
    field = str(error.extra.get("field", ""))
    return Trouble(field=field if field in fields else "", detail=detail, hint=hint, status=error.status)


def moment_of(text: str, zone: ZoneInfo) -> datetime | None:
    """What a date or date-and-time field holds, in the zone of whoever fills it in; None when it is empty or wrong."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=zone).astimezone(UTC) if moment.tzinfo is None else None
    except (ValueError, OverflowError):
        return None


def chosen_instance(text: str) -> UUID | None:
    """The instance that was chosen in a list, None for all. Raises Invalid."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid("unknown_instance", "There is no such instance.", field="instance") from None
