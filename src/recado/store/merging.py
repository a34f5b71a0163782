"""Two contacts that turn out to be one: their chats, messages and everything that names them are united."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from recado.domain.identities import Merge
from recado.domain.union import Copy, Union, unite

from . import changes
from .database import Tx
from .recordset import recordset

_MAPS = """
WITH chat_map AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%(chats)s::json) AS t (loser uuid, survivor uuid)
), person_map AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%(people)s::json) AS t (loser uuid, survivor uuid)
), double_map AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%(doubles)s::json) AS t (loser uuid, survivor uuid)
)
"""
_WEIGHT = "array_position(ARRAY['member', 'admin', 'superadmin'], {})"
_CHATS_OF = """
SELECT id, contact_id FROM public.whatsapp_chats WHERE contact_id = ANY(%s) AND merged_into IS NULL ORDER BY id
"""
_TARGETS = """
  SELECT m.id, m.instance_id, m.wa_id, m.kind, m.text, m.variant, m.status, m.edited_at IS NOT NULL AS is_edited,
    coalesce(c.survivor, m.chat_id) AS chat_id, coalesce(p.survivor, m.sender_id) AS sender_id,
    (c.survivor IS NOT NULL OR p.survivor IS NOT NULL) AS moves
  FROM public.whatsapp_messages m
    LEFT JOIN chat_map c ON c.loser = m.chat_id LEFT JOIN person_map p ON p.loser = m.sender_id
"""
_CLASHES = f"""
{_MAPS}, moving AS MATERIALIZED (
  {_TARGETS} WHERE m.chat_id IN (SELECT loser FROM chat_map) OR m.sender_id IN (SELECT loser FROM person_map)
), sharing AS (
  SELECT DISTINCT t.* FROM moving o CROSS JOIN LATERAL (
    {_TARGETS} WHERE m.instance_id = o.instance_id AND m.wa_id = o.wa_id
  ) t
  WHERE t.chat_id = o.chat_id AND t.sender_id IS NOT DISTINCT FROM o.sender_id
), counted AS (
  SELECT *, count(*) OVER (PARTITION BY chat_id, wa_id, sender_id) AS copies FROM sharing
)
SELECT s.id, s.chat_id, s.wa_id, s.sender_id, s.kind, s.text, r.bytes, s.variant, s.status, s.is_edited,
  EXISTS (SELECT FROM recado.send_queue q WHERE q.message_id = s.id)
  OR EXISTS (SELECT FROM recado.idempotency_keys k WHERE k.message_id = s.id)
FROM counted s LEFT JOIN recado.message_raw r ON r.message_id = s.id
WHERE s.copies > 1
"""
_VARIANTS = """
UPDATE public.whatsapp_messages m SET variant = t.variant
FROM json_to_recordset(%s::json) AS t (id uuid, variant smallint) WHERE m.id = t.id
"""
_STATUSES = """
UPDATE public.whatsapp_messages m SET status = t.status, status_at = now()
FROM json_to_recordset(%s::json) AS t (id uuid, status text) WHERE m.id = t.id
"""
_HISTORIES = f"""
{_MAPS}, old AS (
  SELECT h.ctid AS place, coalesce(d.survivor, h.message_id) AS message_id, h.status,
    coalesce(p.survivor, h.contact_id) AS contact_id, h.at
  FROM public.whatsapp_message_status h
    LEFT JOIN double_map d ON d.loser = h.message_id LEFT JOIN person_map p ON p.loser = h.contact_id
  WHERE h.message_id IN (SELECT loser FROM double_map) OR h.contact_id IN (SELECT loser FROM person_map)
)
INSERT INTO public.whatsapp_message_status (message_id, status, contact_id, at)
SELECT message_id, status, contact_id, at FROM old ORDER BY at
ON CONFLICT DO NOTHING
"""
_FORGET_HISTORIES = """
DELETE FROM public.whatsapp_message_status WHERE contact_id = ANY(%(losers)s)
"""
_EARLY = f"""
{_MAPS}
INSERT INTO recado.early_receipts (instance_id, wa_id, status, contact_id, at)
SELECT e.instance_id, e.wa_id, e.status, p.survivor, e.at
FROM recado.early_receipts e JOIN person_map p ON p.loser = e.contact_id
ON CONFLICT DO NOTHING
"""
_FORGET_EARLY = """
DELETE FROM recado.early_receipts WHERE contact_id = ANY(%(losers)s)
"""
_NAMED = tuple(
    f"{_MAPS} UPDATE {table} t SET {column} = d.survivor FROM double_map d WHERE t.{column} = d.loser"
    for table, column in (
        ("recado.gaps", "filled_by"),
        ("recado.idempotency_keys", "message_id"),
    )
)
_FILES = f"""
{_MAPS}
UPDATE public.whatsapp_media f SET message_id = d.survivor
FROM (SELECT DISTINCT ON (m.survivor) m.* FROM double_map m JOIN public.whatsapp_media g ON g.message_id = m.loser
  ORDER BY m.survivor, m.loser) d
WHERE f.message_id = d.loser AND NOT EXISTS (SELECT FROM public.whatsapp_media o WHERE o.message_id = d.survivor)
"""
# Of an edit that history told elsewhere than its original: it stands where the original did.
_STAND = f"""
{_MAPS}
UPDATE public.whatsapp_messages m SET sent_at = o.sent_at, tiebreak = o.tiebreak
FROM double_map d JOIN public.whatsapp_messages o ON o.id = d.loser
WHERE m.id = d.survivor AND m.is_history AND m.edited_at IS NOT NULL AND o.edited_at IS NULL
"""
_FORGET_DOUBLES = """
DELETE FROM public.whatsapp_messages WHERE id = ANY(%(doubles)s)
"""
_MOVE = f"""
{_MAPS}, target AS (
  {_TARGETS} WHERE m.chat_id IN (SELECT loser FROM chat_map) OR m.sender_id IN (SELECT loser FROM person_map)
)
UPDATE public.whatsapp_messages m SET chat_id = t.chat_id, sender_id = t.sender_id FROM target t WHERE m.id = t.id
"""
_MOVE_QUEUE = f"""
{_MAPS}
UPDATE recado.send_queue q SET chat_id = c.survivor FROM chat_map c WHERE q.chat_id = c.loser
"""
_MOVE_REQUESTS = f"""
{_MAPS}
UPDATE recado.history_requests r SET chat_id = c.survivor FROM chat_map c WHERE r.chat_id = c.loser
"""
_MEMBERS = f"""
{_MAPS}, old AS (
  DELETE FROM public.whatsapp_group_members g USING person_map p WHERE g.contact_id = p.loser
  RETURNING g.chat_id, p.survivor, g.instance_id, g.role
)
INSERT INTO public.whatsapp_group_members AS g (chat_id, contact_id, instance_id, role)
SELECT DISTINCT ON (chat_id, survivor) chat_id, survivor, instance_id, role
FROM old ORDER BY chat_id, survivor, {_WEIGHT.format("role")} DESC
ON CONFLICT (chat_id, contact_id) DO UPDATE SET role = excluded.role
WHERE {_WEIGHT.format("excluded.role")} > {_WEIGHT.format("g.role")}
"""
_OWNERS = f"""
{_MAPS}
UPDATE public.whatsapp_chats h SET owner_id = p.survivor, updated_at = now()
FROM person_map p WHERE h.owner_id = p.loser
"""
_PICTURES = f"""
{_MAPS}, old AS (
  DELETE FROM recado.pictures q USING person_map p WHERE q.subject = p.loser RETURNING q.*, p.survivor
)
INSERT INTO recado.pictures (subject, instance_id, picture_id, mime_type, image, why, fetched_at)
SELECT DISTINCT ON (survivor) survivor, instance_id, picture_id, mime_type, image, why, fetched_at
FROM old ORDER BY survivor, fetched_at DESC
ON CONFLICT (subject) DO NOTHING
"""
_LEARN = f"""
{_MAPS}, heritage AS (
  SELECT DISTINCT ON (p.survivor) p.survivor, l.first_name, l.is_saved, l.picture_id, l.picture_url, l.picture_at
  FROM person_map p JOIN public.whatsapp_contacts l ON l.id = p.loser
  ORDER BY p.survivor, l.picture_at DESC NULLS LAST
)
UPDATE public.whatsapp_contacts c
SET first_name = coalesce(c.first_name, g.first_name), is_saved = c.is_saved OR g.is_saved,
  picture_id = coalesce(c.picture_id, g.picture_id), picture_url = coalesce(c.picture_url, g.picture_url),
  picture_at = coalesce(c.picture_at, g.picture_at), updated_at = now()
FROM heritage g WHERE c.id = g.survivor
"""
_RETIRE_CONTACTS = f"""
{_MAPS}
UPDATE public.whatsapp_contacts c
SET phone_number = NULL, lid = NULL, merged_into = p.survivor, updated_at = now()
FROM person_map p WHERE c.id = p.loser OR c.merged_into = p.loser
"""
_RETIRE_CHATS = f"""
{_MAPS}
UPDATE public.whatsapp_chats h SET merged_into = c.survivor, updated_at = now()
FROM chat_map c WHERE h.id = c.loser OR h.merged_into = c.loser
"""
_HAND_OVER = f"""
{_MAPS}
UPDATE public.whatsapp_chats h SET contact_id = p.survivor, updated_at = now()
FROM person_map p WHERE h.contact_id = p.loser AND h.merged_into IS NULL
"""
# Two that history has named are one to the phone: each has the same count.
_INHERIT = f"""
{_MAPS}, heritage AS (
  SELECT c.survivor, sum(l.unread_count) AS unread, max(l.unread_count) AS most_unread,
    bool_and(l.is_archived) AS archived, max(l.name) AS name,
    max(l.pinned_at) AS pinned_at, max(l.muted_until) AS muted_until, bool_or(l.is_marked_unread) AS marked,
    min(l.history_at) AS history_at, bool_and(l.has_older) AS has_older
  FROM chat_map c JOIN public.whatsapp_chats l ON l.id = c.loser GROUP BY c.survivor
)
UPDATE public.whatsapp_chats h
SET unread_count = least(CASE WHEN h.history_at IS NULL OR g.history_at IS NULL THEN h.unread_count + g.unread
    ELSE greatest(h.unread_count, g.most_unread) END,
    (SELECT count(*) FROM public.whatsapp_messages m WHERE m.chat_id = h.id AND NOT m.from_me)),
  last_message_id = last.id, last_message_at = last.sent_at, last_tiebreak = coalesce(last.tiebreak, 0),
  is_archived = h.is_archived AND g.archived, name = coalesce(h.name, g.name),
  pinned_at = coalesce(h.pinned_at, g.pinned_at), muted_until = coalesce(h.muted_until, g.muted_until),
  is_marked_unread = h.is_marked_unread OR g.marked, history_at = coalesce(h.history_at, g.history_at),
  has_older = h.has_older AND g.has_older, updated_at = now()
FROM heritage g LEFT JOIN LATERAL (
  SELECT m.id, m.sent_at, m.tiebreak FROM public.whatsapp_messages m
  WHERE m.chat_id = g.survivor ORDER BY m.sent_at DESC, m.tiebreak DESC LIMIT 1
) last ON true
WHERE h.id = g.survivor
"""


async def merge_contacts(tx: Tx, merges: Iterable[Merge]) -> list[Merge]:
    """Unite each loser with its survivor; their numbers are written afterwards. The chats that became one are returned.

    The oldest chat survives. The caller holds the instances' lock.
    """
    people = {merge.loser_id: merge.survivor_id for merge in merges}
    instances = {merge.survivor_id: merge.instance_id for merge in merges}
    chats, owners = await _united_chats(tx, people)
    maps = {"people": _map(people), "chats": _map(chats), "losers": list(people)}
    union = await _clashes(tx, maps)
    maps |= {"doubles": _map(union.doubles)}
    await _settle_clashes(tx, union, maps)
    for statement in (_HISTORIES, _FORGET_HISTORIES, _EARLY, _FORGET_EARLY, _MOVE, _MOVE_QUEUE):
        await tx.execute(statement, maps)
    for statement in (_MEMBERS, _OWNERS, _PICTURES, _LEARN, _MOVE_REQUESTS):
        await tx.execute(statement, maps)
    for statement in (_RETIRE_CHATS, _HAND_OVER, _INHERIT, _RETIRE_CONTACTS):
        await tx.execute(statement, maps)
    await changes.settle_united(tx, chats=set(chats.values()), people=set(people.values()))
    return [
        Merge(instance_id=instances[owners[survivor]], survivor_id=survivor, loser_id=loser)
        for loser, survivor in chats.items()
    ]


async def _united_chats(tx: Tx, people: dict[UUID, UUID]) -> tuple[dict[UUID, UUID], dict[UUID, UUID]]:
    """Which chat goes into which, and whose the surviving ones are."""
    cursor = await tx.execute(_CHATS_OF, [[*people, *people.values()]])
    of_person: dict[UUID, list[UUID]] = defaultdict(list)
    for chat_id, contact_id in await cursor.fetchall():
        of_person[people.get(contact_id, contact_id)].append(chat_id)
    united = {loser: oldest for oldest, *others in of_person.values() for loser in others}
    return united, {oldest: person for person, (oldest, *_) in of_person.items()}


async def _clashes(tx: Tx, maps: Mapping[str, object]) -> Union:
    cursor = await tx.execute(_CLASHES, {**maps, "doubles": "[]"})
    return unite(
        Copy(
            id=id,
            key=(chat_id, wa_id, sender_id),
            kind=kind,
            text=text,
            raw=raw,
            variant=variant,
            status=status,
            is_edited=is_edited,
            is_held=is_held,
        )
        for (
            id,
            chat_id,
            wa_id,
            sender_id,
            kind,
            text,
            raw,
            variant,
            status,
            is_edited,
            is_held,
        ) in await cursor.fetchall()
    )


async def _settle_clashes(tx: Tx, union: Union, maps: Mapping[str, object]) -> None:
    if union.variants:
        await tx.execute(_VARIANTS, [recordset({"id": id, "variant": n} for id, n in union.variants.items())])
    if union.statuses:
        await tx.execute(_STATUSES, [recordset({"id": id, "status": step} for id, step in union.statuses.items())])
    if union.doubles:
        await tx.execute(_HISTORIES, maps)
        for statement in (*_NAMED, _FILES, _STAND):
            await tx.execute(statement, maps)
        await tx.execute(_FORGET_DOUBLES, {"doubles": list(union.doubles)})


def _map(pairs: dict[UUID, UUID]) -> str:
    return recordset({"loser": loser, "survivor": survivor} for loser, survivor in pairs.items())
