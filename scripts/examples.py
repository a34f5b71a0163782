"""One example of each event, made by the very functions that make the real ones wherever there is such a function."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from recado.domain import changes, events
from recado.domain.chats import Chat
from recado.domain.contacts import Contact
from recado.domain.events import NewEvent, rfc3339
from recado.domain.history import History, progress_event
from recado.domain.messages import Message, StatusStep
from recado.domain.tellings import (
    change_event,
    chat_merged_event,
    contact_merged_event,
    gap_event,
    message_event,
    status_event,
)

NOW: Final = datetime(2026, 11, 24, 15, 9, 26, 535000, tzinfo=UTC)
NAMED: Final[dict[str, Any]] = {"instance_name": "loja", "time": NOW}


def _id(number: int) -> UUID:
    return UUID(f"01936000-0000-7000-8000-{number:012d}")


MARIA: Final = Contact(
    id=_id(3), instance_id=_id(1), phone_number="5511988887777", lid="100200300400@lid", name="Maria"
)
CHAT: Final = Chat(id=_id(2), instance_id=_id(1), kind="person", contact=MARIA, jid=None)
GROUP: Final = Chat(
    id=_id(8), instance_id=_id(1), kind="group", contact=None, jid="120363000000000001@g.us", name="Equipe"
)
NOW_HERE: Final = changes.Occasion(id=_id(9), time=NOW, instance_id=_id(1), instance_name="loja")


def _message(status: str, *, text: str | None, from_me: bool, **more: Any) -> Message:
    return Message(
        id=_id(4),
        instance_id=_id(1),
        wa_id="3EB0A1B2C3D4E5F60718",
        chat=CHAT,
        sender=None if from_me else MARIA,
        from_me=from_me,
        kind="conversation",
        text=text,
        quoted_wa_id=None,
        sent_at=NOW.replace(microsecond=0),
        tiebreak=1,
        status=status,
        status_at=NOW,
        **more,
    )


def _told(message: Message) -> dict[str, Any]:
    return message_event(message, id=_id(9), **NAMED).data


def _data_of(event: NewEvent) -> dict[str, Any]:
    return event.data


STATE: Final = {
    "state": "connected",
    "status": "connected",
    "reason": None,
    "user_action": None,
    "phone_number": "5511999990000",
    "attempt": 0,
    "next_at": None,
}
WEBHOOK: Final = {"webhook_id": str(_id(5)), "host": "example.com"}

DATA: Final[dict[str, dict[str, Any]]] = {
    events.INSTANCE_CREATED: {"state": "starting", "status": "connecting"},
    events.INSTANCE_STATE: STATE,
    events.INSTANCE_QR: {"qr": "2@…", "expires_at": rfc3339(NOW + timedelta(seconds=60))},
    events.INSTANCE_UPDATED: {"changed": ["instance_name"], "previous_name": "loja-1"},
    events.INSTANCE_REMOVED: {},
    events.MESSAGE_RECEIVED: _told(_message("received", text="Vocês abrem amanhã?", from_me=False)),
    events.MESSAGE_QUEUED: _told(_message("queued", text="Abrimos sim!", from_me=True)),
    events.MESSAGE_SENT: _told(_message("sent", text="Abrimos sim!", from_me=True)),
    events.MESSAGE_FAILED: _told(
        _message(
            "failed", text="Abrimos sim!", from_me=True, error_code="463", error_detail="WhatsApp refused the message"
        )
    ),
    events.MESSAGE_STATUS: _data_of(
        status_event(
            CHAT,
            id=_id(9),
            message_id=_id(4),
            wa_id="3EB0A1B2C3D4E5F60718",
            status="read",
            step=StatusStep(status="read", at=NOW, contact=MARIA),
            **NAMED,
        )
    ),
    events.MESSAGE_EDITED: _data_of(
        change_event(_message("received", text="Vocês abrem hoje?", from_me=False, edited_at=NOW), id=_id(9), **NAMED)
    ),
    events.MESSAGE_DELETED: _data_of(
        change_event(
            _message("received", text=None, from_me=False, edited_at=NOW, details={"deleted": True}),
            id=_id(9),
            **NAMED,
        )
    ),
    events.MESSAGE_GAP: _data_of(
        gap_event(
            CHAT,
            id=_id(9),
            wa_id="3EB0A1B2C3D4E5F60718",
            sender=MARIA,
            is_from_me=False,
            sent_at=NOW,
            cause="undecryptable",
            **NAMED,
        )
    ),
    events.HISTORY_PROGRESS: progress_event(
        NOW_HERE,
        History(pieces=9, waiting=3, percent=62, chats=318, messages=31_250),
        piece_id=_id(8),
        sync_type="RECENT",
        is_lost=False,
    ).data,
    events.CHAT_MERGED: _data_of(chat_merged_event(CHAT, _id(6), id=_id(9), **NAMED)),
    events.CONTACT_MERGED: _data_of(contact_merged_event(MARIA, _id(7), id=_id(9), **NAMED)),
    events.CHAT_UPDATED: changes.chat_updated(NOW_HERE, CHAT, is_marked_unread=False).data,
    events.CHAT_TYPING: changes.chat_typing(NOW_HERE, CHAT, MARIA, "composing").data,
    events.CONTACT_UPDATED: changes.contact_updated(NOW_HERE, MARIA, ["name"]).data,
    events.CONTACTS_SYNCED: changes.contacts_synced(NOW_HERE, 3000).data,
    events.CONTACT_PRESENCE: changes.contact_presence(NOW_HERE, MARIA, is_available=False, last_seen_at=NOW).data,
    events.GROUP_JOINED: changes.group_joined(NOW_HERE, GROUP, MARIA).data,
    events.GROUP_LEFT: changes.group_left(NOW_HERE, GROUP, None).data,
    events.GROUP_UPDATED: changes.group_updated(NOW_HERE, GROUP, {"subject": "Equipe"}, MARIA).data,
    events.GROUP_MEMBERS: changes.group_members(NOW_HERE, GROUP, "joined", [MARIA], None).data,
    events.DATABASE_BLOCKED: {
        "code": "role_bound_by_rls",
        "detail": "The role recado is bound by row-level security on whatsapp_instances: it would see no rows and hear"
        " no error.",
        "hint": "Connect as the owner of the tables (on Supabase: postgres), never as anon or authenticated.",
    },
    events.NOTICE: {"name": "IdentityChange", "value": {"JID": "5511988887777@s.whatsapp.net", "Implicit": False}},
    events.WEBHOOK_TEST: {"webhook_id": str(_id(5))},
    events.WEBHOOK_FAILING: {**WEBHOOK, "error": "the receiver answered 502", "status": 502},
    events.WEBHOOK_PAUSED: {
        **WEBHOOK,
        "failing_since": rfc3339(NOW - timedelta(hours=72)),
        "error": "the receiver answered 502",
        "status": 502,
    },
    events.WEBHOOK_DISABLED: {**WEBHOOK, "error": "the receiver answered 410 Gone", "status": 410},
    events.WEBHOOK_GAP: {**WEBHOOK, "from": 1201, "to": 4800},
}
