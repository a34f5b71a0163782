"""What an event is about, in a few words for a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from recado.domain.events import LoggedEvent
from recado.domain.summaries import one_line

from .look import Look
from .names import shown_phone
from .receiver_words import why
from .standing import reason_of
from .words import ALL

LONGEST: Final = 160


def gist_of(event: LoggedEvent, look: Look) -> str:
    """Empty when the type says it all."""
    family, data = event.type.partition(".")[0], event.data
    if family == "message":
        parts = [_name(data.get("chat")), _of_message(event.type, data, look)]
    elif family == "webhook":
        is_about_failure = bool(data.get("error"))
        parts = [data.get("host"), why(look, data.get("status"), data.get("error")) if is_about_failure else None]
    elif event.type in ("instance.state", "instance.created"):
        parts = [_word(look, f"standing.label.{data.get('state')}", data.get("state")), _reason(data, look)]
    else:
        about = data.get("chat") or data.get("contact") or data.get("group")
        parts = [_name(about), data.get("name") or data.get("subject") or data.get("state")]
    return " · ".join(one_line(str(part))[:LONGEST] for part in parts if part)


def _of_message(type: str, data: Mapping[str, Any], look: Look) -> Any:
    if type == "message.status":
        status = data.get("status")
        return _word(look, f"overview.status.{status}", status)
    return data.get("text") or data.get("summary") or data.get("kind")


def _reason(data: Mapping[str, Any], look: Look) -> str:
    return reason_of(str(data["reason"]), look) if data.get("reason") else ""


def _name(who: Any) -> str:
    if not isinstance(who, Mapping):
        return ""
    return str(who.get("name") or shown_phone(who.get("phone_number")) or who.get("jid") or who.get("lid") or "")


def _word(look: Look, key: str, otherwise: Any) -> Any:
    return look.t(key) if key in ALL else otherwise
