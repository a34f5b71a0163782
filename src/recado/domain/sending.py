"""What it takes to send: what may be sent, to whom, and what each outcome of a try means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args
from uuid import UUID

from .chats import Address
from .engine import EngineError
from .errors import Invalid
from .jid import Identity
from .messages import QUOTED, Message
from .timing import ANYTIME, Timing

Lane = Literal["open", "known", "new"]
"""What a chat is to whoever wants to write in it.

`open`: a group, or somebody who has written within a day; `known`: who has written before that; `new`: who never has.
"""

LANES: Final[tuple[Lane, ...]] = get_args(Lane)
TEXT_LIMIT: Final = 65_536
PAUSES: Final = tuple(timedelta(seconds=s) for s in (1, 2, 5, 15, 30, 60))
PATIENCE: Final = 20  # tries that WhatsApp left unanswered or put off, before a message is given up
_WAITS_FOR_CONNECTION: Final = frozenset(
    {"not_connected", "unknown_session", "stale_fence", "host_down", "not_paired", "already_paired"}
)
_LATER_CODES: Final = frozenset({408, 429, *range(500, 600)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Where a message goes. `wire` is a JID, or `+` and digits while WhatsApp has not yet said what the number is."""

    address: Address
    wire: str

    @property
    def is_guess(self) -> bool:
        return self.wire.startswith("+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """The message that an answer quotes: its id, who sent it (a JID), its kind, and its text, if it had one."""

    wa_id: str
    participant: str
    text: str | None
    kind: str = "conversation"

    @property
    def beginning(self) -> str | None:
        """As much of its text as is kept with the answer."""
        return self.text[:QUOTED] if self.text else None

    @property
    def details(self) -> dict[str, Any]:
        """What is kept of it besides, in the form in which answers of others have it."""
        return {"quoted": {"sender": self.participant, "kind": self.kind}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that somebody asked to be sent, with the ids that it will have for good."""

    id: UUID
    instance_id: UUID
    instance_name: str
    recipient: Recipient
    wa_id: str
    kind: str
    text: str
    content: dict[str, Any]
    quoted: Quoted | None
    at: datetime
    key: str | None
    request_hash: bytes
    timing: Timing = ANYTIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What the queue knows of a message. `is_under_way`: a try has begun, and nobody knows its end yet."""

    lane: Lane
    timing: Timing = ANYTIME
    attempts: int = 0
    not_before: datetime | None = None
    last_error: str | None = None
    is_under_way: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The answer to a request. `is_repeat`: its key was used before, and this is the first message again.

    `waiting` is None when the message is in the queue no more.
    """

    message: Message
    is_repeat: bool
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A row of the send queue. `who` is what is known of the chat's person; `attempts` counts those left unanswered.

    `is_in_doubt`: it may have gone out already. Then it only ever goes again under its id, and nobody can cancel it.
    """

    message_id: UUID
    instance_id: UUID
    instance_name: str
    chat_id: UUID
    wa_id: str
    wire: str
    content: dict[str, Any]
    attempts: int
    not_before: datetime | None
    who: Identity
    lane: Lane = "open"
    is_in_doubt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """WhatsApp has it. `names` are what was learnt of the recipient, each news after the one before."""

    at: datetime
    names: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Given up for good. `code` is one of `domain.failures`."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """To be tried again, with the same id, after `pause`. `counts` is False when nobody was asked to take it.

    `is_in_doubt`: it may have gone out.
    """

    pause: timedelta
    detail: str
    counts: bool
    is_in_doubt: bool = False

    @property
    def is_offline(self) -> bool:
        return not self.counts


Outcome = Gone | Refused | Postponed


def check_text(text: str) -> None:
    """Raises Invalid for a text that cannot be sent: nothing to read, over 65,536 characters, or no Unicode."""
    if not text.strip():
        raise Invalid("text_empty", "The text is empty.", field="text", hint="Write at least one visible character.")
    if len(text) > TEXT_LIMIT:
        raise Invalid(
            "text_too_long",
            f"The text has {len(text):,} characters; {TEXT_LIMIT:,} are the most that can be sent.",
            field="text",
            hint="Send it in parts.",
        )
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Invalid(
            "text_unsendable",
            "The text has a NUL character or half of a surrogate pair.",
            field="text",
            hint="Take it out: it is no character that somebody could read.",
        )


def content_of(text: str, quoted: Quoted | None = None) -> tuple[str, dict[str, Any]]:
    """The message's kind (its protobuf field) and its protojson."""
    if quoted is None:
        return "conversation", {"conversation": text}
    context = {
        "stanzaID": quoted.wa_id,
        "participant": quoted.participant,
        "quotedMessage": {"conversation": quoted.text or ""},
    }
    return "extendedTextMessage", {"extendedTextMessage": {"text": text, "contextInfo": context}}


def judge(error: EngineError, attempts: int) -> Refused | Postponed:
    """What a failed try means; `attempts` counts the ones before it that were left unanswered or put off."""
    detail, doubt = str(error), error.is_uncertain
    if error.kind in _WAITS_FOR_CONNECTION:
        return Postponed(pause=PAUSES[0], detail=detail, counts=doubt, is_in_doubt=doubt)
    is_later = error.may_retry or doubt or error.server_code in _LATER_CODES
    if is_later and attempts + 1 < PATIENCE:
        pause = PAUSES[min(attempts, len(PAUSES) - 1)]
        return Postponed(pause=pause, detail=detail, counts=True, is_in_doubt=doubt)
    return Refused(code=failure_code(error), detail=detail)


def failure_code(error: EngineError) -> str:
    """`server_463` for WhatsApp's own numbers, else the engine's word for what is wrong."""
    return f"server_{error.server_code}" if error.server_code else error.kind
