"""How chats and people look in lists: with the last message, with every name and where it comes from."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field

from recado.domain.contacts import contact_json
from recado.domain.overviews import ChatOverview, Unread
from recado.domain.overviews import Person as PersonRow
from recado.domain.page import Page as DomainPage
from recado.domain.summaries import summary
from recado.domain.timeline import Language

from . import shapes
from .shapes import Chat, Contact, Time


class LastMessage(BaseModel):
    id: UUID
    wa_id: str
    summary: str = Field(description="One line, never empty, in English or Portuguese by Accept-Language")
    kind: str
    from_me: bool
    sender: Contact | None = Field(description="null for your own")
    sent_at: Time
    status: str


class ListedChat(Chat):
    is_marked_unread: bool = Field(description="Marked as unread by hand, on the phone")
    description: str | None = Field(description="A group's")
    left_at: Time | None = Field(description="When this number left the group")
    has_older: bool = Field(description="False once the phone has said that it has no older messages")
    last_message: LastMessage | None = Field(description="null when nothing was ever written in it")


class UnreadCounts(BaseModel):
    chats: int
    messages: int


class ChatPage(BaseModel):
    """The pinned ones first, then the last used; `unread` is of all chats, not only of those on the page."""

    items: list[ListedChat]
    next: str | None
    unread: UnreadCounts


class Names(BaseModel):
    """Each where it comes from; `name` of the person is the first of saved, business and push that there is."""

    saved: str | None = Field(description="As the phone's address book has it")
    first: str | None = Field(description="The first name there")
    business: str | None = Field(description="The verified name of a business")
    push: str | None = Field(description="The name that the person goes by")


class Person(Contact):
    names: Names
    is_saved: bool = Field(description="Whether they are in the phone's address book")
    chat_id: UUID | None = Field(description="The chat with them, if there is one")
    created_at: Time
    updated_at: Time


def chat(row: ChatOverview, language: Language) -> ListedChat:
    last = row.last
    shown = None
    if last is not None:
        shown = LastMessage(
            id=last.id,
            wa_id=last.wa_id,
            summary=summary(last, language),
            kind=last.kind,
            from_me=last.from_me,
            sender=shapes.contact(last.sender) if last.sender else None,
            sent_at=last.sent_at,
            status=last.status,
        )
    return ListedChat(
        **dict(shapes.chat(row.chat)),
        is_marked_unread=row.is_marked_unread,
        description=row.description,
        left_at=row.left_at,
        has_older=row.has_older,
        last_message=shown,
    )


def chats(of: DomainPage[ChatOverview], unread: Unread, language: Language) -> ChatPage:
    counts = UnreadCounts(chats=unread.chats, messages=unread.messages)
    return ChatPage(items=[chat(row, language) for row in of.items], next=of.next, unread=counts)


def person(row: PersonRow) -> Person:
    contact = row.contact
    names = Names(saved=contact.name, first=row.first_name, business=contact.business_name, push=contact.push_name)
    return Person(
        **contact_json(contact),
        names=names,
        is_saved=row.is_saved,
        chat_id=row.chat_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
