"""How messages look in JSON: sent, listed, found, and one with all that has become of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from recado.domain.messages import Message as DomainMessage
from recado.domain.messages import message_json, reaction_json, step_json
from recado.domain.page import Page as DomainPage
from recado.domain.snippets import snippet_json
from recado.domain.status import RANK
from recado.domain.timeline import Language
from recado.services.reading.messages import Hit

from .shapes import ChatReference, Contact, Time


class MessageError(BaseModel):
    code: str
    detail: str | None


class Media(BaseModel):
    """What is told of a file before anybody has fetched it."""

    kind: str = Field(
        description="`image`, `video`, `gif`, `note`, `voice`, `audio`, `document`, `sticker`; `preview`: a picture of "
        "something that is no file"
    )
    mime_type: str | None
    file_name: str | None
    size_bytes: int | None
    sha256: str | None = Field(description="In hex")
    seconds: int | None
    width: int | None
    height: int | None


class MediaWithThumbnail(Media):
    thumbnail: str | None = Field(description="A small picture as a data URL, at most 64 KiB")


class Message(BaseModel):
    id: UUID
    wa_id: str
    chat: ChatReference
    sender: Contact | None = Field(description="null for your own")
    from_me: bool
    kind: str = Field(description="The protobuf's own field name, `stub` or `unknown`", examples=["conversation"])
    text: str | None = Field(description="What was written, or the caption")
    summary: str = Field(description="One line, never empty, in English or Portuguese by Accept-Language")
    details: dict[str, Any] | None = Field(description="What else there is to show of its kind: docs/messages.md")
    media: Media | None
    quoted_wa_id: str | None = Field(description="WhatsApp's id of the message that it answers")
    quoted_text: str | None = Field(description="The first 300 characters of that message, else what it is")
    target_wa_id: str | None = Field(description="The message that a reaction, an edit, a deletion or a vote is about")
    sent_at: Time
    edited_at: Time | None
    status: str
    status_at: Time
    error: MessageError | None


class StatusStep(BaseModel):
    status: str
    at: Time
    contact: Contact | None = Field(description="Whose device; null for what WhatsApp itself reported")


class Reaction(BaseModel):
    emoji: str
    sender: Contact | None = Field(description="null for your own")
    from_me: bool
    at: Time


class ShownMessage(Message):
    media: MediaWithThumbnail | None
    reactions: list[Reaction]


class MessageWithHistory(ShownMessage):
    history: list[StatusStep]


class Snippet(BaseModel):
    field: str = Field(description="`text` or `quoted_text`")
    text: str = Field(description="A piece of it, at most 160 characters")
    highlights: list[tuple[int, int]] = Field(description="Start and end in that piece, in Unicode characters")


class ListedMessage(ShownMessage):
    snippet: Snippet | None = Field(description="Where the search has found something; null without one")


class MessagePage(BaseModel):
    """Newest first. `next`, given as `after`, leads to older ones; `previous`, given as `before`, to newer ones.

    A page of a search may be short, or empty, and still have a `next`.
    """

    items: list[ListedMessage]
    next: str | None
    previous: str | None = Field(description="There also when nothing is newer yet")


def message(row: DomainMessage, language: Language) -> Message:
    return Message.model_validate(message_json(row, language))


def with_history(row: DomainMessage, language: Language) -> MessageWithHistory:
    # WhatsApp's clock has whole seconds, so `sent` can seem to be earlier than `queued`.
    history = [step_json(step) for step in sorted(row.history, key=lambda step: (RANK[step.status], step.at))]
    return MessageWithHistory.model_validate(_shown(row, language) | {"history": history})


def listed(of: DomainPage[DomainMessage], language: Language) -> MessagePage:
    items = [ListedMessage.model_validate(_shown(row, language) | {"snippet": None}) for row in of.items]
    return MessagePage(items=items, next=of.next, previous=of.previous)


def found(of: DomainPage[Hit], language: Language) -> MessagePage:
    items = [
        ListedMessage.model_validate(_shown(hit.message, language) | {"snippet": snippet_json(hit.snippet)})
        for hit in of.items
    ]
    return MessagePage(items=items, next=of.next, previous=None)


def _shown(row: DomainMessage, language: Language) -> dict[str, Any]:
    shown = message_json(row, language)
    shown["reactions"] = [reaction_json(reaction) for reaction in row.reactions or ()]
    if row.media is not None:
        shown["media"] = shown["media"] | {"thumbnail": row.media.thumbnail}
    return shown
