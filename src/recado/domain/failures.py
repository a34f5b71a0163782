"""Why a message was given up: every `error.code` that a message can have, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What it means, and what to do. `is_sent`: whether it may have reached its recipient all the same."""

    meaning: str
    advice: str
    is_sent: bool = False


EXPIRED: Final = "expired"
NEW_CHAT_REFUSED: Final = "server_463"

FAILURES: Final[dict[str, Failure]] = {
    EXPIRED: Failure(
        meaning="Its `expires_at` came before it could go; it was never sent.",
        advice="Send it again if it still matters.",
    ),
    "not_on_whatsapp": Failure(
        meaning="Nobody has that number on WhatsApp.",
        advice="Check the number, with country and area code.",
    ),
    "timeout": Failure(
        meaning="WhatsApp left 20 tries without an answer.",
        advice="A receipt still makes it `delivered`; look at the phone before sending it anew.",
        is_sent=True,
    ),
    NEW_CHAT_REFUSED: Failure(
        meaning="WhatsApp lets this number start no new chats now.",
        advice="Write only to people who have written to you; `GET …/queue` says until when the others wait.",
    ),
    "server_479": Failure(
        meaning="WhatsApp did not take the form in which it was addressed.",
        advice="Send to the number instead of a LID, or the other way round.",
    ),
    "server_403": Failure(
        meaning="This number may not write there, as in a group that it has left.",
        advice="Look at the group on the phone.",
    ),
    "server_404": Failure(meaning="There is no such chat or group.", advice="Check the recipient."),
    "server_420": Failure(
        meaning="Only admins may write in this group, or it is closed.",
        advice="Ask an admin.",
    ),
    "server_429": Failure(
        meaning="WhatsApp said 20 times that this number sends too much.",
        advice="Send less, and slower (`RECADO_PACE_STRANGERS`).",
    ),
    "server_…": Failure(
        meaning="WhatsApp refused it with that number; `error.detail` has its words.",
        advice="Nothing was sent.",
    ),
    "invalid_message": Failure(
        meaning="The engine could not write it in WhatsApp's form.",
        advice="Please report it, with `error.detail`.",
    ),
    "internal": Failure(
        meaning="Recado or its engine failed; `error.detail` and the log say how.",
        advice="Please report it.",
        is_sent=True,
    ),
}


def failure_of(code: str) -> Failure | None:
    """None for a code of another version."""
    return FAILURES.get(code) or (FAILURES["server_…"] if code.startswith("server_") else None)
