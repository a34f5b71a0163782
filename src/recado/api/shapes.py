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
from recado.domain.groups import GroupView as DomainGroup
from recado.domain.instances import Pairing as DomainPairing
from recado.domain.page import Page as DomainPage

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


class Group(BaseModel):
    """`id` is that of the group's chat."""

    id: UUID
    jid: str | None
    subject: str | None
    description: str | None
    owner: Contact | None
    is_announce: bool = Field(description="Only admins may write")
    is_locked: bool = Field(description="Only admins may change it")
    ephemeral_seconds: int = Field(description="After how long messages vanish; 0: never")
    left_at: Time | None = Field(description="When this number left it, or was removed")
    member_count: int


class Member(Contact):
    role: Literal["member", "admin", "superadmin"]


class GroupWithMembers(Group):
    members: list[Member]


class HistoryPiece(Shape):
    """A part of the history, as the phone offered it. `added` of its messages had not been here before."""

    id: UUID
    sync_type: str = Field(examples=["INITIAL_BOOTSTRAP", "RECENT", "FULL", "PUSH_NAME", "ON_DEMAND"])
    chunk_order: int
    progress: int = Field(description="Percent, as the phone counts")
    state: Literal["waiting", "stored", "done", "lost"]
    attempts: int
    next_at: Time | None
    error: str | None
    conversations: int
    messages: int
    added: int
    skipped: int = Field(description="Parts of it that could not be read")
    offered_at: Time
    ended_at: Time | None


class History(BaseModel):
    state: Literal["none", "running", "partial", "complete"] = Field(
        description="partial: all that was offered is here, and the phone has not said that it was everything"
    )
    percent: int | None
    chats: int
    messages: int = Field(description="How many had not been here before")
    lost: int = Field(description="Pieces that could not be had")
    pieces: list[HistoryPiece] = Field(description="The newest first")


class OlderMessages(Shape):
    """Older messages of a chat, asked of the phone, which has a minute to answer."""

    id: UUID
    chat_id: UUID
    count: int
    state: Literal["asked", "answered", "timeout", "failed"]
    messages: int | None = Field(description="How many have come that had not been here")
    error: str | None
    asked_at: Time
    until: Time
    ended_at: Time | None


class Webhook(Shape):
    id: UUID
    url: str
    instance_id: UUID | None = Field(description="null: events of all instances")
    instance_name: str | None
    events: Sorted | None = Field(description="null: all types")
    headers: dict[str, str]
    source: Literal["api", "instance_url"]
    state: Literal["active", "paused", "disabled"]
    state_reason: str | None = Field(description="unreachable: its receiver was down for 72 h; gone: it answered 410")
    position: int = Field(description="Everything up to this `seq` is delivered, or counted in `waiting` or `dead`")
    waiting: int = Field(description="Deliveries set aside, which will be tried again")
    dead: int = Field(description="Deliveries given up after 72 h; `replay` with `failed` tries them again")
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


def group(row: DomainGroup) -> Group:
    settings = ("description", "is_announce", "is_locked", "ephemeral_seconds", "left_at", "member_count")
    return Group(
        id=row.chat.id,
        jid=row.chat.jid,
        subject=row.chat.name,
        owner=contact(row.owner) if row.owner else None,
        **{name: getattr(row, name) for name in settings},
    )


def group_with_members(row: DomainGroup) -> GroupWithMembers:
    members = [Member.model_validate(dict(contact(person)) | {"role": role}) for person, role in row.members]
    return GroupWithMembers(**dict(group(row)), members=members)


def pairing(row: DomainPairing) -> Pairing:
    codes = {"qr": None, "code": None} | {"qr" if row.method == "qr" else "code": row.code}
    return Pairing(method=row.method, **codes, phone=row.phone, expires_at=row.expires_at)
