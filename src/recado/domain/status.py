"""The status of a message only moves forward; what a receipt says of it."""

from __future__ import annotations

from typing import Final, Literal

Status = Literal["received", "queued", "sending", "sent", "failed", "cancelled", "delivered", "read", "played"]

RANK: Final[dict[str, int]] = {
    "received": 0,
    "queued": 0,
    "sending": 1,
    "sent": 2,
    "failed": 3,
    "cancelled": 3,
    "delivered": 4,
    "read": 5,
    "played": 6,
}
_BY_RECEIPT: Final[dict[str, Status]] = {
    "delivered": "delivered",
    "": "delivered",
    "inactive": "delivered",
    "read": "read",
    "played": "played",
}
_BY_HISTORY: Final[dict[str, Status]] = {
    "ERROR": "failed",
    "PENDING": "sending",
    "DELIVERY_ACK": "delivered",
    "READ": "read",
    "PLAYED": "played",
}
_BY_OWN_RECEIPT: Final = frozenset({"read", "read-self", "played", "played-self"})


def is_forward(before: str, after: str) -> bool:
    """Whether a message may go from one to the other. A late receipt proves that a failed one went out after all."""
    return RANK[after] > RANK[before]


def predecessors(status: str) -> list[str]:
    """All that may become `status`."""
    return [earlier for earlier, rank in RANK.items() if rank < RANK[status] and earlier != "received"]


def step_of(receipt: str, *, is_from_me: bool) -> Status | None:
    """What a receipt of somebody else says of your message; None when it says nothing of it."""
    return None if is_from_me else _BY_RECEIPT.get(receipt)


def is_read_by_owner(receipt: str, *, is_from_me: bool) -> bool:
    """Whether the owner has read a chat on another device."""
    return receipt in ("read-self", "played-self") or (is_from_me and receipt in _BY_OWN_RECEIPT)


def status_of_history(told: str | None) -> Status:
    """How far a message of your own had come when the phone made its history."""
    return _BY_HISTORY.get(told or "", "sent")
