"""Writes the rows of a scene: people, chats and messages of one instance, in the order in which they are told."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg.types.json import Jsonb

_INSTANCE = """
INSERT INTO public.whatsapp_instances (id, instance_name, status, state, reason, user_action, wanted, wanted_at, since,
  phone_number, push_name, created_at, checked_at)
VALUES (%(id)s, %(name)s, 'disconnected', %(state)s, %(reason)s, %(user_action)s, 'stopped', %(at)s, %(at)s, %(phone)s,
  %(push_name)s, %(at)s, %(at)s)
"""
_CONTACT = """
INSERT INTO public.whatsapp_contacts (id, instance_id, phone_number, lid, name, first_name, push_name, business_name,
  is_saved, created_at)
VALUES (%(id)s, %(instance_id)s, %(phone)s, %(lid)s, %(name)s, split_part(%(name)s, ' ', 1), %(push_name)s,
  %(business_name)s, %(name)s IS NOT NULL, %(at)s)
"""
_CHAT = """
INSERT INTO public.whatsapp_chats (id, instance_id, kind, contact_id, jid, name, description, is_announce, unread_count,
  is_archived, pinned_at, muted_until, left_at, has_older, created_at)
VALUES (%(id)s, %(instance_id)s, %(kind)s, %(contact_id)s, %(jid)s, %(name)s, %(description)s, %(is_announce)s,
  %(unread_count)s, %(is_archived)s, %(pinned_at)s, %(muted_until)s, %(left_at)s, %(has_older)s, %(at)s)
"""
_MEMBER = "INSERT INTO public.whatsapp_group_members (chat_id, contact_id, instance_id, role) VALUES (%s, %s, %s, %s)"
_MESSAGE = """
INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, sender_id, from_me, wa_id, kind, text, quoted_wa_id,
  quoted_text, details, target_wa_id, sent_at, edited_at, tiebreak, status, status_at, error_code, error_detail)
VALUES (%(id)s, %(instance_id)s, %(chat_id)s, %(sender_id)s, %(from_me)s, %(wa_id)s, %(kind)s, %(text)s,
  %(quoted_wa_id)s, %(quoted_text)s, %(details)s, %(target_wa_id)s, %(at)s, %(edited_at)s, %(tiebreak)s, %(status)s,
  %(at)s, %(error_code)s, %(error_detail)s)
"""
_MEDIA = """
INSERT INTO public.whatsapp_media (message_id, instance_id, kind, mime_type, file_name, size_bytes, seconds, width,
  height, thumbnail)
VALUES (%(message_id)s, %(instance_id)s, %(kind)s, %(mime_type)s, %(file_name)s, %(size_bytes)s, %(seconds)s, %(width)s,
  %(height)s, %(thumbnail)s)
"""
_LAST = """
UPDATE public.whatsapp_chats SET last_message_id = %(id)s, last_message_at = %(at)s, last_tiebreak = %(tiebreak)s
WHERE id = %(chat_id)s AND (last_message_at IS NULL OR last_message_at <= %(at)s)
"""
_PICTURE = """
INSERT INTO recado.pictures (subject, instance_id, picture_id, mime_type, image, fetched_at)
VALUES (%(subject)s, %(instance_id)s, '1', 'image/jpeg', %(image)s, %(at)s)
"""
_NOTED = (
    "UPDATE public.whatsapp_contacts SET picture_id = '1', picture_at = %(at)s WHERE id = %(subject)s",
    "UPDATE public.whatsapp_chats SET picture_id = '1', picture_at = %(at)s WHERE id = %(subject)s",
)
_TIMELINE = "INSERT INTO recado.timeline (id, instance_id, at, code, state, params) VALUES (%s, %s, %s, %s, %s, %s)"
_FILE = dict.fromkeys(("mime_type", "file_name", "size_bytes", "seconds", "width", "height", "thumbnail"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message that stands in the table."""

    id: UUID
    wa_id: str
    text: str | None
    sender: str | None


class Rows:
    """Rows of one instance, each at once in the database. Ids are UUIDv7 of the moment told."""

    def __init__(self, connection: psycopg.Connection[Any], instance_id: UUID, *, own_phone: str = "5511999990001"):
        self.connection = connection
        self.instance_id = instance_id
        self.own_jid = f"{own_phone}@s.whatsapp.net"
        self._numbers = itertools.count(1)

    @classmethod
    def instance(
        cls,
        connection: psycopg.Connection[Any],
        name: str,
        at: datetime,
        *,
        state: str = "stopped",
        reason: str | None = "stopped_by_user",
        user_action: str | None = "start",
        phone: str | None = None,
        push_name: str | None = None,
    ) -> Rows:
        """A new instance that nobody wants to run; its state is one in which it stays. Times are aware."""
        rows = cls(connection, UUID(int=0), own_phone=phone or "5511999990001")
        rows.instance_id = uuid5(UUID(int=0), name)
        rows._write(
            _INSTANCE,
            {"id": rows.instance_id, "name": name, "state": state, "reason": reason, "user_action": user_action,
             "at": at, "phone": phone, "push_name": push_name},
        )  # fmt: skip
        return rows

    def new_id(self, at: datetime) -> UUID:
        """A UUIDv7 of that moment; later calls have greater ones within the same millisecond."""
        number = next(self._numbers)
        salt = self.instance_id.int & 0xFFFF_FFFF
        return UUID(int=int(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | salt << 24 | number)

    def contact(
        self,
        phone: str | None,
        at: datetime,
        *,
        name: str | None = None,
        push_name: str | None = None,
        business_name: str | None = None,
        lid: str | None = None,
    ) -> UUID:
        """A person; `name` is the address book's."""
        id = self.new_id(at)
        told = {"phone": phone, "lid": lid, "name": name, "push_name": push_name, "business_name": business_name}
        self._write(_CONTACT, {"id": id, "instance_id": self.instance_id, "at": at, **told})
        return id

    def chat(self, at: datetime, *, kind: str = "person", **fields: Any) -> UUID:
        """A chat with `contact_id`, or of `jid` with a `name`; the other columns by their names."""
        id = self.new_id(at)
        usual = {"contact_id": None, "jid": None, "name": None, "description": None, "is_announce": False}
        usual |= {"unread_count": 0, "is_archived": False, "pinned_at": None, "muted_until": None, "left_at": None}
        self._write(
            _CHAT,
            usual | {"has_older": True} | fields | {"id": id, "instance_id": self.instance_id, "kind": kind, "at": at},
        )
        return id

    def members(self, chat_id: UUID, roles: Mapping[UUID, str]) -> None:
        for contact_id, role in roles.items():
            self.connection.execute(_MEMBER, (chat_id, contact_id, self.instance_id, role))

    def message(
        self,
        chat_id: UUID,
        at: datetime,
        text: str | None = None,
        *,
        sender: UUID | None = None,
        kind: str = "conversation",
        status: str | None = None,
        details: Mapping[str, Any] | None = None,
        media: Mapping[str, Any] | None = None,
        answers: Told | None = None,
        about: Told | None = None,
        is_last: bool = True,
        **fields: Any,
    ) -> Told:
        """One message, your own without `sender`. `answers` is what it quotes, `about` what a reaction is of."""
        id, number = self.new_id(at), next(self._numbers)
        wa_id = f"3EB0{number:016X}"
        row = {
            "id": id,
            "instance_id": self.instance_id,
            "chat_id": chat_id,
            "sender_id": sender,
            "from_me": sender is None and kind != "stub",
            "wa_id": wa_id,
            "kind": kind,
            "text": text,
            "quoted_wa_id": answers.wa_id if answers else None,
            "quoted_text": answers.text if answers else None,
            "details": Jsonb(self._with_quoted(details, answers)) if details or answers else None,
            "target_wa_id": about.wa_id if about else None,
            "at": at,
            "edited_at": None,
            "tiebreak": number,
            "status": status or ("read" if sender is None else "received"),
            "error_code": None,
            "error_detail": None,
        }
        self._write(_MESSAGE, row | fields)
        if media:
            self._write(_MEDIA, _FILE | dict(media) | {"message_id": id, "instance_id": self.instance_id})
        if is_last and about is None:
            self._write(_LAST, row)
        return Told(id=id, wa_id=wa_id, text=text, sender=self._jid(sender))

    def react(self, chat_id: UUID, at: datetime, emoji: str, about: Told, *, sender: UUID | None = None) -> None:
        self.message(
            chat_id, at, sender=sender, kind="reactionMessage", details={"reaction": emoji}, about=about
        )  # fmt: skip

    def picture(self, subject: UUID, image: bytes, at: datetime) -> None:
        """The picture (JPEG bytes) of a contact or group, asked for just now."""
        told = {"subject": subject, "instance_id": self.instance_id, "image": image, "at": at}
        for statement in (_PICTURE, *_NOTED):
            self._write(statement, told)

    def timeline(self, steps: Sequence[tuple[datetime, str, str | None, Mapping[str, Any]]]) -> None:
        """Each step is (when, code, state, params)."""
        for at, code, state, params in steps:
            self.connection.execute(
                _TIMELINE, (self.new_id(at), self.instance_id, at, code, state, Jsonb(dict(params)))
            )

    def _write(self, statement: str, values: Mapping[str, Any]) -> None:
        self.connection.execute(statement.encode(), values)

    def _with_quoted(self, details: Mapping[str, Any] | None, answers: Told | None) -> dict[str, Any]:
        quoted = {"quoted": {"sender": answers.sender or self.own_jid, "kind": "conversation"}} if answers else {}
        return dict(details or {}) | quoted

    def _jid(self, contact_id: UUID | None) -> str | None:
        if contact_id is None:
            return None
        query = "SELECT coalesce(phone_number || '@s.whatsapp.net', lid) FROM public.whatsapp_contacts WHERE id = %s"
        found = self.connection.execute(query, [contact_id]).fetchone()
        return found[0] if found else None
