"""How the domain's values look in JSON, in one place for all routes; the OpenAPI document is drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from recado.domain.chats import Chat as DomainChat
from recado.domain.chats import chat_json
from recado.domain.contacts import Contact as DomainContact
from recado.domain.contacts import contact_json
from recado.domain.events import rfc3339
from recado.domain.instances import Pairing as DomainPairing
from recado.domain.messages import Message as DomainMessage
from recado.domain.messages import message_json, step_json
from recado.domain.page import Page as DomainPage
from recado.domain.status import RANK

T = TypeVar("T")
S = TypeVar("S", bound=BaseModel)

Time = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-24T15:09:26.535Z"]}),
]
Sorted = Annotated[list[str], BeforeValidator(sorted)]


class Shape(BaseModel):
    """Read from a value of the domain by its attributes."""

    model_config = ConfigDict(from_attributes=True)


class Page(BaseModel, Generic[S]):
    """Some items; `next`, given as `after`, leads to the following ones and is null on the last page."""

    items: list[S]
    next: str | None


def page(of: DomainPage[T], shape: Callable[[T], S]) -> Page[S]:
    return Page(items=[shape(item) for item in of.items], next=of.next)


class Problem(BaseModel):
    """RFC 9457: what is wrong (`detail`) and what to do (`hint`); programs look at `code`."""

    type: str = Field(examples=["urn:recado:problem:no_such_instance"])
    title: str
    status: int
    code: str
    detail: str
    hint: str | None = None
    model_config = ConfigDict(extra="allow")


class Instance(Shape):
    id: UUID
    instance_name: str
    status: Literal["connected", "connecting", "disconnected"]
    state: str
    reason: str | None
    user_action: str | None
    wanted: Literal["running", "stopped"]
    attempt: int
    next_at: Time | None
    deadline: Time | None
    since: Time
    checked_at: Time | None
    last_activity_at: Time | None
    phone_number: str | None
    lid: str | None
    push_name: str | None
    platform: str | None
    webhook_url: str | None
    engine: str
    owner_id: UUID | None
    created_at: Time | None
    updated_at: Time | None


class BeforeAndAfter(BaseModel):
    """An instance as its row had it, and as it is on the wire."""

    before: Instance
    after: Instance


class Pairing(BaseModel):
    """Either `qr`, the text that a QR holds, or `code`, to be typed into the phone."""

    method: Literal["qr", "code", "passkey"]
    qr: str | None
    code: str | None
    phone: str | None
    expires_at: Time


class TimelineEntry(Shape):
    """`code` and `params` are for programs, `sentence` and `next_action` for people."""

    id: UUID
    at: Time
    code: str
    state: str | None
    params: dict[str, Any]
    sentence: str
    next_action: str | None


class Contact(Shape):
    id: UUID
    phone_number: str | None
    lid: str | None
    name: str | None = Field(description="What they are called: by you, else by themselves")


class ChatReference(Shape):
    """A chat as messages and events name it."""

    id: UUID
    kind: Literal["person", "group", "status", "broadcast", "newsletter", "other"]
    phone_number: str | None
    lid: str | None
    jid: str | None
    name: str | None


class Chat(ChatReference):
    unread_count: int
    last_message_id: UUID | None
    last_message_at: Time | None
    is_archived: bool
    pinned_at: Time | None
    muted_until: Time | None


class MessageError(BaseModel):
    code: str
    detail: str | None


class Message(BaseModel):
    id: UUID
    wa_id: str
    chat: ChatReference
    sender: Contact | None = Field(description="null for your own")
    from_me: bool
    kind: str = Field(description="The protobuf's own field name, or `unknown`", examples=["conversation"])
    text: str | None
    quoted_wa_id: str | None
    sent_at: Time
    status: str
    status_at: Time
    error: MessageError | None


class AcceptedMessage(Message):
    note: str | None = Field(description="What the sender should know, in a sentence")


class StatusStep(BaseModel):
    status: str
    at: Time
    contact: Contact | None = Field(description="Whose device; null for what WhatsApp itself reported")


class MessageWithHistory(Message):
    history: list[StatusStep]


class Webhook(Shape):
    id: UUID
    url: str
    instance_id: UUID | None = Field(description="null: events of all instances")
    instance_name: str | None
    events: Sorted | None = Field(description="null: all types")
    headers: dict[str, str]
    source: Literal["api", "instance_url"]
    state: Literal["active", "paused", "disabled"]
    state_reason: str | None
    position: int = Field(description="Everything up to this `seq` is delivered or parked")
    failing_since: Time | None
    created_at: Time
    updated_at: Time


class WebhookWithSecret(Webhook):
    secret: str = Field(description="Shown in this answer only")


class Attempt(Shape):
    id: UUID
    webhook_id: UUID
    position: int
    event_id: UUID
    attempt: int
    at: Time
    duration_ms: int
    status: int | None = Field(description="The HTTP status; null when there was no answer")
    error: str | None
    answer: str | None = Field(description="The first characters of what the receiver said")


class Replayed(BaseModel):
    queued: int


class Key(Shape):
    id: UUID
    name: str
    scopes: Sorted
    instance_id: UUID | None = Field(description="null: all instances")
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    last_used_at: Time | None


class KeyWithSecret(Key):
    secret: str = Field(description="Shown in this answer only")


class Ticket(BaseModel):
    ticket: str
    expires_at: Time


class Part(BaseModel):
    ready: bool
    detail: str = Field(description="Why not, in a sentence; empty when all is well")


class Readiness(BaseModel):
    status: Literal["ready", "not_ready"]
    parts: dict[str, Part]


def chat(row: DomainChat) -> Chat:
    state = {name: getattr(row, name) for name in Chat.model_fields.keys() - ChatReference.model_fields.keys()}
    return Chat(**chat_json(row), **state)


def contact(row: DomainContact) -> Contact:
    return Contact.model_validate(contact_json(row))


def message(row: DomainMessage) -> Message:
    return Message.model_validate(message_json(row))


def message_with_history(row: DomainMessage) -> MessageWithHistory:
    # WhatsApp's clock has whole seconds, so `sent` can seem to be earlier than `queued`.
    history = [step_json(step) for step in sorted(row.history, key=lambda step: (RANK[step.status], step.at))]
    return MessageWithHistory.model_validate(message_json(row) | {"history": history})


def pairing(row: DomainPairing) -> Pairing:
    codes = {"qr": None, "code": None} | {"qr" if row.method == "qr" else "code": row.code}
    return Pairing(method=row.method, **codes, phone=row.phone, expires_at=row.expires_at)
