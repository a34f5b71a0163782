"""What the tables hold of a phone's past, in the words of the truth about an untidy history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from recado_simulator import UntidyHistory
from recado_simulator.disorder import ExpectedChat, ExpectedMessage
from recado_simulator.history import Rank

Ask = Callable[..., list[tuple]]

PHONE_JID = "|| '@s.whatsapp.net'"
MESSAGES = f"""
SELECT coalesce(h.jid, c.phone_number {PHONE_JID}, c.lid), m.wa_id, extract(epoch FROM m.sent_at)::bigint, m.from_me,
  s.phone_number {PHONE_JID}, s.lid, m.kind, m.text, m.quoted_text, m.status, m.details ->> 'type',
  m.edited_at IS NOT NULL
FROM public.whatsapp_messages m JOIN public.whatsapp_chats h ON h.id = m.chat_id
LEFT JOIN public.whatsapp_contacts c ON c.id = h.contact_id LEFT JOIN public.whatsapp_contacts s ON s.id = m.sender_id
WHERE m.is_history ORDER BY m.chat_id, m.sent_at, m.tiebreak
"""
CHATS = f"""
SELECT coalesce(h.jid, c.phone_number {PHONE_JID}, c.lid), h.name, h.unread_count, h.is_marked_unread, h.is_archived,
  extract(epoch FROM h.pinned_at)::bigint,
  CASE WHEN h.muted_until = 'infinity' THEN -1 ELSE extract(epoch FROM h.muted_until)::bigint END,
  NOT h.has_older, extract(epoch FROM h.last_message_at)::bigint, m.wa_id
FROM public.whatsapp_chats h LEFT JOIN public.whatsapp_contacts c ON c.id = h.contact_id
LEFT JOIN public.whatsapp_messages m ON m.id = h.last_message_id
WHERE h.merged_into IS NULL AND h.history_at IS NOT NULL
"""
PEOPLE = f"""
SELECT coalesce(phone_number {PHONE_JID}, ''), coalesce(lid, ''), coalesce(name, push_name, '')
FROM public.whatsapp_contacts WHERE merged_into IS NULL
"""
MEMBERS = f"""
SELECT h.jid, g.role, c.phone_number {PHONE_JID}, c.lid
FROM public.whatsapp_group_members g JOIN public.whatsapp_chats h ON h.id = g.chat_id
JOIN public.whatsapp_contacts c ON c.id = g.contact_id
"""
ROLES = {Rank.REGULAR: "member", Rank.ADMIN: "admin", Rank.SUPERADMIN: "superadmin"}
EVERYTHING = """
SELECT md5(string_agg(row::text, '' ORDER BY row.id)) FROM (
  SELECT id, chat_id, sender_id, wa_id, kind, text, sent_at, tiebreak, status, is_history, edited_at
  FROM public.whatsapp_messages
) row UNION ALL SELECT md5(string_agg(row::text, '' ORDER BY row.id)) FROM (
  SELECT id, contact_id, jid, name, unread_count, last_message_id, last_message_at, is_archived, pinned_at, muted_until
  FROM public.whatsapp_chats
) row UNION ALL SELECT md5(string_agg(row::text, '' ORDER BY row.id)) FROM (
  SELECT id, phone_number, lid, name, push_name, business_name FROM public.whatsapp_contacts
) row
"""
STATUSES = {"ERROR": "failed", "PENDING": "sending", "DELIVERY_ACK": "delivered", "READ": "read", "PLAYED": "played"}
QUOTED = 60  # of what is quoted, so many characters are compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Everything that was read from the tables, by the JID of its chat in the truth."""

    messages: dict[tuple[str, str], tuple[Any, ...]]
    order: dict[str, list[str]]
    chats: dict[str, tuple[Any, ...]]
    people: set[tuple[str, str, str]]


def stored(ask: Ask, truth: UntidyHistory) -> Stored:
    home = {jid: chat.jid for chat in truth.chats for jid in (chat.jid, chat.pn, chat.lid) if jid}
    messages: dict[tuple[str, str], tuple[Any, ...]] = {}
    order: dict[str, list[str]] = defaultdict(list)
    for jid, wa_id, at, from_me, pn, lid, kind, text, quoted, status, stub, is_edited in ask(MESSAGES):
        assert (home[jid], wa_id) not in messages
        shown = (at, from_me, bool(pn or lid), kind, text, quoted and quoted[:QUOTED], status, stub or "", is_edited)
        messages[home[jid], wa_id] = ({jid for jid in (pn, lid) if jid}, shown)
        order[home[jid]].append(wa_id)
    chats = {home[jid]: tuple(rest) for jid, *rest in ask(CHATS)}
    return Stored(messages=messages, order=order, chats=chats, people=set(ask(PEOPLE)))


def said(message: ExpectedMessage) -> tuple[Any, ...]:
    """A message as `stored` has it."""
    status = STATUSES.get(message.status or "", "sent") if message.is_from_me else "received"
    quoted = message.quoted[:QUOTED] if message.quoted else None
    text, is_edited = message.text, message.is_edited
    return (
        message.at,
        message.is_from_me,
        bool(message.sender),
        message.kind,
        text,
        quoted,
        status,
        message.stub,
        is_edited,
    )


def kept(chat: ExpectedChat) -> tuple[Any, ...]:
    """A chat as `stored` has it."""
    last = chat.message_ids[-1] if chat.message_ids else None
    name = chat.subject if chat.is_group else None
    flags = (chat.unread, chat.is_marked_unread, chat.is_archived, chat.pinned_at, chat.muted_until)
    return name, *flags, chat.is_complete, chat.last_at, last


def assert_it_is_the_truth(ask: Ask, truth: UntidyHistory) -> None:
    """Every message, chat and person of it is in the tables, in order, and nothing else is history."""
    found = stored(ask, truth)
    wrong = [
        (message, found.messages.get((message.chat, message.id)))
        for message in truth.messages
        if (row := found.messages.get((message.chat, message.id))) is None
        or row[1] != said(message)
        or (message.sender and message.sender not in row[0])
    ]
    assert wrong == [], f"{len(wrong)} messages are not as they were: {wrong[:5]}"
    assert len(found.messages) == len(truth.messages)
    assert {chat.jid: list(chat.message_ids) for chat in truth.chats if chat.message_ids} == found.order
    off = [(kept(chat), found.chats.get(chat.jid)) for chat in truth.chats if found.chats.get(chat.jid) != kept(chat)]
    assert off == [], f"{len(off)} chats are not as they were: {off[:5]}"
    roles = {(jid, who): role for jid, role, *names in ask(MEMBERS) for who in names if who}
    told = {(chat.jid, who): ROLES[rank] for chat in truth.chats for who, rank in chat.members}
    astray = {place: (role, roles.get(place)) for place, role in told.items() if roles.get(place) != role}
    assert astray == {}, f"{len(astray)} members are not as they were: {list(astray.items())[:5]}"
    assert ask("SELECT count(*) FROM public.whatsapp_group_members") == [(len(told),)]
    unknown = {(one.pn, one.lid, one.name) for one in truth.contacts} - found.people
    assert unknown == set(), f"{len(unknown)} people are not as they were: {sorted(unknown)[:5]}"


def fingerprint(ask: Ask) -> list[tuple]:
    """Of all messages, chats and people with their ids."""
    return ask(EVERYTHING)
