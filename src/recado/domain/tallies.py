"""What goes on at an instance, as counts for a list of instances."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """`unread` messages in `unread_chats` chats, and how many messages there were `today`.

    Counting ends at a limit; `is_unread_cut` and `is_today_cut` say that there are more.
    """

    unread_chats: int = 0
    unread: int = 0
    today: int = 0
    is_unread_cut: bool = False
    is_today_cut: bool = False


NOTHING = Tally()
