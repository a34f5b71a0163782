"""What the list of chats shows: of which instance, and which of them. It is the query of every address here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from recado.domain.overviews import ChatOverview

SHOWS: Final = ("all", "unread", "groups", "archived", "people")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatFilter:
    """`show` is one of SHOWS; `at` is a message to open the conversation at."""

    instance: UUID | None = None
    show: str = "all"
    at: str | None = None

    @property
    def query(self) -> str:
        """`?instance=…&show=…`, empty for everything."""
        given = {"instance": self.instance, "show": self.show if self.show != "all" else None, "at": self.at}
        said = urlencode({name: value for name, value in given.items() if value})
        return f"?{said}" if said else ""

    def with_(self, **changes: Any) -> ChatFilter:
        return replace(self, **changes)

    @property
    def options(self) -> dict[str, Any]:
        """As `Inbox.chats` takes it."""
        match self.show:
            case "unread":
                return {"is_unread": True}
            case "groups":
                return {"kind": "group", "is_archived": False}
            case "archived":
                return {"is_archived": True}
        return {"is_archived": False}

    def takes(self, row: ChatOverview) -> bool:
        """The same of one chat."""
        chat = row.chat
        if self.instance is not None and chat.instance_id != self.instance:
            return False
        match self.show:
            case "unread":
                return chat.unread_count > 0 or row.is_marked_unread
            case "groups":
                return chat.kind == "group" and not chat.is_archived
            case "archived":
                return chat.is_archived
            case "people":
                return False
        return not chat.is_archived


def chosen(instance: str, show: str, at: str = "") -> ChatFilter:
    """From a query, in which what is wrong is as if it were not there."""
    try:
        of: UUID | None = UUID(instance)
    except ValueError:
        of = None
    return ChatFilter(instance=of, show=show if show in SHOWS else "all", at=at[:100] or None)
