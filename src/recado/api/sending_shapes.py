"""How sending looks in JSON: what was accepted, what waits, what holds it up."""

from __future__ import annotations

from pydantic import BaseModel, Field

from recado.domain.instances import Instance
from recado.domain.messages import Message as DomainMessage
from recado.domain.messages import message_json
from recado.domain.queue_notes import note_of
from recado.domain.queue_view import Halt, QueueView
from recado.domain.sending import Lane
from recado.domain.sending import Waiting as DomainWaiting
from recado.domain.timeline import Language

from .message_shapes import Message, MessageWithHistory
from .shapes import Time


class Waiting(BaseModel):
    """What the send queue knows of a message."""

    lane: Lane = Field(
        description="`open`: a group, or they wrote within a day; `known`: they wrote before; `new`: they never did"
    )
    send_at: Time | None = Field(description="Not before this time; null once it is in the line")
    expires_at: Time | None
    attempts: int = Field(description="Tries that WhatsApp left unanswered or put off")
    next_try_at: Time | None
    last_error: str | None
    is_under_way: bool = Field(description="A try has begun, so it may have gone out; it cannot be cancelled")


class AcceptedMessage(Message):
    waiting: Waiting | None = Field(description="null when it waits no more")
    pause_reason: str | None = Field(description="What holds it up; null: nothing but its turn")
    paused_until: Time | None
    note: str | None = Field(description="What the sender should know, in a sentence")


class MessageInFull(MessageWithHistory):
    waiting: Waiting | None = Field(description="null when it waits for nothing")


class Queue(BaseModel):
    queued: int = Field(description="In the line")
    sending: int = Field(description="Under way")
    scheduled: int = Field(description="Waiting for their `send_at`")
    oldest_at: Time | None = Field(description="Since when the oldest of those waits that have no `send_at`")
    next_send_at: Time | None
    paused: int = Field(description="How many of the queued are held up")
    pause_reason: str | None = Field(
        description="`time_lock`, `new_chats_refused`: only those to new chats; else why it is not connected"
    )
    paused_until: Time | None = Field(description="null when nobody knows")


def waiting(row: DomainWaiting) -> Waiting:
    return Waiting(
        lane=row.lane,
        send_at=row.timing.send_at,
        expires_at=row.timing.expires_at,
        attempts=row.attempts,
        next_try_at=row.not_before,
        last_error=row.last_error,
        is_under_way=row.is_under_way,
    )


def accepted(
    row: DomainMessage, left: DomainWaiting | None, instance: Instance, halt: Halt | None, language: Language
) -> AcceptedMessage:
    """`left` is None when it waits no more; `halt` is what holds the instance's messages up."""
    note = note_of(instance, left, halt, language) if left is not None else None
    holds = halt if left is not None and halt is not None and halt.holds(left.lane) else None
    shown = {
        "waiting": waiting(left) if left is not None else None,
        "pause_reason": holds.reason if holds is not None else None,
        "paused_until": holds.until if holds is not None else None,
        "note": note,
    }
    return AcceptedMessage.model_validate(message_json(row, language) | shown)


def queue(row: QueueView) -> Queue:
    counts, halt = row.counts, row.halt
    held = counts.queued if halt is not None and halt.is_for_all else counts.to_strangers
    return Queue(
        queued=counts.queued,
        sending=counts.under_way,
        scheduled=counts.scheduled,
        oldest_at=counts.oldest_at,
        next_send_at=counts.next_send_at,
        paused=held if halt is not None else 0,
        pause_reason=halt.reason if halt is not None else None,
        paused_until=halt.until if halt is not None else None,
    )
