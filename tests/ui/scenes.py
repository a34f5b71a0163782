"""Scenes for the pages: a shop, a crowd of instances and chats, a chat of 50,000 messages, and what ought to hurt.

`python -m tests.ui.stage` runs Recado on them for looking at.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from tests.ui.rows import Rows
from tests.ui.shop import Shop, furnish, live_through

_STATES: Final[tuple[tuple[str, str, str | None], ...]] = (
    ("stopped", "stopped_by_user", "start"),
    ("logged_out", "unlinked", "pair_again"),
    ("failed", "pairing_timeout", "start"),
    ("stopped", "qr_expired", "start"),
    ("stopped", "conflict_given_up", "close_other_session"),
    ("stopped", "needs_pairing", "pair_again"),
)
_CROWD: Final = """
WITH people AS (
  INSERT INTO public.whatsapp_contacts (id, instance_id, phone_number, push_name)
  SELECT (lpad(to_hex(n), 8, '0') || '-0001-7000-8000-000000000001')::uuid, %(instance_id)s, (5511700000000 + n)::text,
    'Cliente ' || n
  FROM generate_series(1, %(count)s) n
), chats AS (
  INSERT INTO public.whatsapp_chats (id, instance_id, kind, contact_id, unread_count, last_message_id, last_message_at,
    last_tiebreak)
  SELECT (lpad(to_hex(n), 8, '0') || '-0002-7000-8000-000000000001')::uuid, %(instance_id)s, 'person',
    (lpad(to_hex(n), 8, '0') || '-0001-7000-8000-000000000001')::uuid, n %% 5 / 4,
    (lpad(to_hex(n), 8, '0') || '-0003-7000-8000-000000000001')::uuid, %(now)s - n * interval '7 minutes', n
  FROM generate_series(1, %(count)s) n
)
INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, sender_id, from_me, wa_id, kind, text, sent_at,
  tiebreak, status)
SELECT (lpad(to_hex(n), 8, '0') || '-0003-7000-8000-000000000001')::uuid, %(instance_id)s,
  (lpad(to_hex(n), 8, '0') || '-0002-7000-8000-000000000001')::uuid,
  (lpad(to_hex(n), 8, '0') || '-0001-7000-8000-000000000001')::uuid, false, 'CROWD' || n, 'conversation',
  'Pergunta do cliente ' || n, %(now)s - n * interval '7 minutes', n, 'received'
FROM generate_series(1, %(count)s) n
"""
_ENDLESS: Final = """
INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, sender_id, from_me, wa_id, kind, text, sent_at,
  tiebreak, status)
SELECT (lpad(to_hex((extract(epoch FROM %(first)s::timestamptz) + n * %(step)s)::bigint * 1000), 12, '0')
    || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
  %(instance_id)s, %(chat_id)s, CASE WHEN n %% 3 = 0 THEN NULL ELSE %(sender)s END, n %% 3 = 0, 'ENDLESS' || n,
  'conversation', 'Mensagem ' || n || CASE WHEN n %% 11 = 0 THEN repeat(' e mais uma linha', 12) ELSE '' END,
  %(first)s::timestamptz + n * %(step)s * interval '1 second', n, CASE WHEN n %% 3 = 0 THEN 'read' ELSE 'received' END
FROM generate_series(1, %(count)s) n
"""
_END: Final = """
UPDATE public.whatsapp_chats SET last_message_id = m.id, last_message_at = m.sent_at, last_tiebreak = m.tiebreak
FROM (SELECT * FROM public.whatsapp_messages WHERE chat_id = %(chat_id)s ORDER BY sent_at DESC, tiebreak DESC LIMIT 1) m
WHERE whatsapp_chats.id = m.chat_id
"""

HOSTILE_NAMES: Final = (
    "<script>alert('name')</script>",
    "<img src=x onerror=alert('name')>",
    "\u202egnirts desrever\u202c \u2066isolated",
    "'\"><svg/onload=alert(1)>{{7*7}}${7*7}",
    "😀" * 400,
    "A" * 3_000,
    "\u0301" * 200 + "zalgo",
    "   ",
)
"""Names that people might give themselves."""

HOSTILE_TEXTS: Final = (
    "<script>alert('text')</script><b>bold</b>",
    '<img src=x onerror="alert(\'text\')"><iframe srcdoc="<script>alert(1)</script>"></iframe>',
    'javascript:alert(1) [click](javascript:alert(2)) https://example.com/"onmouseover="alert(3)',
    "\u202eeverything after this is turned round \u202d and again \u2067 and isolated",
    "😀" * 4_000,
    "{{ 7 * 7 }} {% raw %} ${alert(1)} <%= 1 %> </textarea></script></style><!--",
    "&lt;b&gt; &amp;amp; &#60;script&#62;alert(1)&#60;/script&#62;",
    "a\u0301" * 2_000,
    "longwordwithoutanyspace" * 500,
    "\n" * 300 + "under many empty lines",
    "hx-get=/ hx-trigger=load data-hx-get='/' <div hx-get='/' hx-trigger='load' hx-on:click='alert(1)'>press</div>",
)
"""Texts that people might send."""

MEGABYTE: Final = "Um texto de um megabyte. " * 41_944


def shop(connection: psycopg.Connection[Any], name: str, now: datetime, *, instance_id: UUID | None = None) -> Shop:
    """A bakery with all kinds of chats and messages; in an instance that is there already when its id is given."""
    if instance_id is not None:
        return furnish(Rows(connection, instance_id), now)
    rows = Rows.instance(
        connection, name, now - timedelta(days=60), phone="5511999990001", push_name="Padaria do Bairro"
    )
    live_through(rows, now)
    return furnish(rows, now)


def idle_instances(
    connection: psycopg.Connection[Any], now: datetime, count: int = 200, *, first: int = 1
) -> list[Rows]:
    """Instances in every state that lasts, called `filial-001` and so on."""
    made = []
    for n in range(first, count + 1):
        state, reason, action = _STATES[n % len(_STATES)]
        phone = None if reason in {"needs_pairing", "qr_expired"} else str(5511930000000 + n)
        told = {"state": state, "reason": reason, "user_action": action, "phone": phone}
        made.append(Rows.instance(connection, f"filial-{n:03d}", now - timedelta(minutes=n), **told))
    return made


def crowd(connection: psycopg.Connection[Any], instance_id: UUID, now: datetime, count: int = 5_000) -> None:
    """So many chats of one message each, called `Cliente 1` (the newest) and so on; every fifth is unread."""
    connection.execute(_CROWD.encode(), {"instance_id": instance_id, "now": now, "count": count})
    connection.execute("ANALYZE public.whatsapp_contacts, public.whatsapp_chats, public.whatsapp_messages")


def endless_chat(rows: Rows, now: datetime, count: int = 50_000, *, name: str = "Conversa sem fim") -> UUID:
    """A chat of `Mensagem 1` to `Mensagem {count}`, nine minutes apart, the last one at `now`; its id."""
    step = 540
    first = now - timedelta(seconds=step * count)
    sender = rows.contact("5511955550000", first, name=name)
    chat = rows.chat(first, contact_id=sender, has_older=False)
    told = {
        "instance_id": rows.instance_id,
        "chat_id": chat,
        "sender": sender,
        "first": first,
        "step": step,
        "count": count,
    }
    rows.connection.execute("SET LOCAL session_replication_role = replica")
    rows.connection.execute(_ENDLESS.encode(), told)
    rows.connection.execute("SET LOCAL session_replication_role = origin")
    rows.connection.execute(_END.encode(), told)
    rows.connection.execute("ANALYZE public.whatsapp_messages")
    return chat


def hostile(rows: Rows, now: datetime) -> list[UUID]:
    """A chat of each hostile name, all hostile texts in the first, among them one of a megabyte; the chats' ids."""
    chats = []
    for n, name in enumerate(HOSTILE_NAMES):
        at = now - timedelta(minutes=n)
        person = rows.contact(str(5511944440000 + n), at, push_name=name)
        chats.append(rows.chat(at, contact_id=person, unread_count=1))
        texts = (*HOSTILE_TEXTS, MEGABYTE) if n == 0 else HOSTILE_TEXTS[n % len(HOSTILE_TEXTS) :][:1]
        asked = None
        for text in texts:
            asked = rows.message(chats[-1], at, text, sender=person, answers=asked if len(texts) > 1 else None)
        if n == 0:
            _hostile_files(rows, chats[0], person, at)
    group = rows.chat(
        now, kind="group", jid="120363000000000666@g.us", name=HOSTILE_NAMES[0], description=HOSTILE_NAMES[1]
    )
    rows.message(group, now, HOSTILE_TEXTS[0])
    return [*chats, group]


def _hostile_files(rows: Rows, chat: UUID, person: UUID, at: datetime) -> None:
    script = "data:text/html,<script>alert(1)</script>"
    rows.message(
        chat, at, sender=person, kind="imageMessage",
        media={"kind": "image", "mime_type": "text/html", "file_name": HOSTILE_NAMES[1], "thumbnail": script},
    )  # fmt: skip
    link = {"link": {"url": "javascript:alert(1)", "title": HOSTILE_NAMES[0], "description": HOSTILE_NAMES[1]}}
    rows.message(chat, at, "javascript:alert(1)", sender=person, kind="extendedTextMessage", details=link)
    poll = {"poll": {"question": HOSTILE_NAMES[0], "options": list(HOSTILE_NAMES[:4])}}
    rows.message(chat, at, sender=person, kind="pollCreationMessageV3", details=poll)
    rows.message(chat, at, sender=person, kind="<script>alert(1)</script>", details={"type": "<b>"})
