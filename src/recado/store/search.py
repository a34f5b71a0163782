"""Full-text search over messages, of an instance or of all, newest first, at a bounded cost however common the words.

The index finds all messages with the words, in no order. When there are many, it is asked again for the newest part of
them only, which PostgreSQL takes as the intersection of two bitmaps, then for the part before that, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from recado.domain.ids import uuid7
from recado.domain.message_filter import MessageFilter
from recado.domain.questions import Question

from .database import Tx
from .plain_text import document, plain, stemmable

FEW: Final = 2_000
"""Up to so many messages with the words, all are looked at, whatever their age."""
WINDOW: Final = 20_000
"""Messages of the instance that are looked at in one step when the words are common."""
STEPS: Final = 12
_GROWTH: Final = 8
_SLACK: Final = timedelta(days=1)

_STEMS: Final = f"""
SELECT (q.pt || q.en)::text, plainto_tsquery('simple', w.word)::text, numnode(q.pt) = 0 OR numnode(q.en) = 0
FROM (SELECT n, {stemmable("given")} AS word FROM unnest(%s::text[]) WITH ORDINALITY AS t (given, n)) w
CROSS JOIN LATERAL (
  SELECT plainto_tsquery('portuguese', w.word) AS pt, plainto_tsquery('english', w.word) AS en
) q
ORDER BY w.n
"""
# The question stands in a subquery: the planner must not think that it knows how rare a word is.
_MATCHES: Final = f"""
SELECT m.id, (%(kinds)s::text[] IS NULL OR m.kind = ANY (%(kinds)s))
  AND (%(from_me)s::boolean IS NULL OR m.from_me = %(from_me)s)
  AND (%(since)s::timestamptz IS NULL OR m.sent_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR m.sent_at < %(until)s)
  AND NOT EXISTS (SELECT FROM unnest(%(phrases)s::text[]) AS p (phrase)
    WHERE position({plain("p.phrase")} IN {plain("coalesce(m.text, '') || ' ' || coalesce(m.quoted_text, '')")}) = 0)
FROM public.whatsapp_messages m
WHERE m.target_wa_id IS NULL AND {document("m")} @@ (SELECT %(question)s::tsquery)
  AND m.id < %(before)s
"""
_OF_INSTANCE: Final = " AND m.instance_id = %(instance_id)s"
_OF_CHAT: Final = " AND m.chat_id = %(chat_id)s"
_FROM: Final = " AND m.id >= %(bound)s"
_MOST: Final = " LIMIT %(most)s"
_BOUND: Final = """
SELECT m.id FROM public.whatsapp_messages m WHERE m.id < %(before)s{of} ORDER BY m.id DESC OFFSET %(offset)s LIMIT 1
"""
_END: Final = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Ids of messages, the newest first. `resume` is where to go on looking; None when everything has been seen."""

    ids: list[UUID]
    resume: UUID | None


async def stems_of(tx: Tx, question: Question) -> tuple[str, list[str]] | None:
    """The question as PostgreSQL understands it, and part by part; None when all its words stand in every other text.

    Such a word need not be there: it may be one of either language.
    """
    cursor = await tx.execute(_STEMS, [list(question.words)])
    rows = await cursor.fetchall()
    parts = ["" if is_common else stems for stems, _, is_common in rows]
    if question.has_beginning and parts[-1]:
        parts[-1] += f" | {rows[-1][1]}:*"
    told = [part for part in parts if part]
    return (" & ".join(f"({part})" for part in told), told) if told else None


async def find(
    tx: Tx,
    instance_id: UUID | None,
    stems: str,
    question: Question,
    wanted: MessageFilter,
    *,
    chat_id: UUID | None,
    before: UUID | None,
    most: int,
) -> Found:
    """Up to `most` messages, fewer also when the search has taken its steps before it had so many."""
    params = {
        "question": stems if instance_id is None else f"'{instance_id}' & {stems}",
        "instance_id": instance_id,
        "chat_id": chat_id,
        "kinds": list(wanted.kinds) if wanted.kinds else None,
        "from_me": wanted.from_me,
        "since": wanted.since,
        "until": wanted.until,
        "phrases": list(question.phrases),
    }
    return await _Search(tx, params, wanted, most).run(before or _END)


class _Search:
    """One search under way; `_found` grows from the newest to older ones."""

    def __init__(self, tx: Tx, params: dict[str, Any], wanted: MessageFilter, most: int) -> None:
        self._tx = tx
        self._params = params
        self._most = most
        self._floor = _floor(wanted)
        self._of = _OF_INSTANCE if params["instance_id"] else ""
        self._found: list[UUID] = []

    async def run(self, before: UUID) -> Found:
        seen = await self._matches(before, None, FEW + 1)
        if len(seen) <= FEW:
            return self._answer(seen, None)
        window = WINDOW
        for _ in range(STEPS):
            bound = await self._bound(before, window)
            seen = await self._matches(before, bound, None if window == WINDOW else FEW + 1)
            if window > WINDOW and len(seen) > FEW:
                window = WINDOW
                continue
            is_over = bound is None or bound < self._floor
            self._found += _fitting(seen)
            if is_over or len(self._found) >= self._most:
                return self._answer([], None if is_over else bound)
            before = bound or before
            if len(seen) * _GROWTH <= FEW:
                window *= _GROWTH
        return self._answer([], before)

    def _answer(self, seen: Sequence[tuple[UUID, bool]], resume: UUID | None) -> Found:
        ids = self._found + _fitting(seen)
        if len(ids) > self._most:
            resume = ids[self._most - 1]
        return Found(ids=ids[: self._most], resume=resume)

    async def _matches(self, before: UUID, bound: UUID | None, most: int | None) -> list[tuple[UUID, bool]]:
        statement = _MATCHES + self._of
        statement += _OF_CHAT if self._params["chat_id"] else ""
        statement += _FROM if bound else ""
        statement += _MOST if most else ""
        params = self._params | {"before": before, "bound": bound, "most": most}
        cursor = await self._tx.execute(statement, params, prepare=False)
        return await cursor.fetchall()

    async def _bound(self, before: UUID, window: int) -> UUID | None:
        """The oldest message of the next so many; None when there are not that many."""
        params = {"instance_id": self._params["instance_id"], "before": before, "offset": window - 1}
        cursor = await self._tx.execute(_BOUND.format(of=self._of), params)
        row = await cursor.fetchone()
        return row[0] if row else None


def _fitting(seen: Sequence[tuple[UUID, bool]]) -> list[UUID]:
    return sorted((id for id, fits in seen if fits), reverse=True)


def _floor(wanted: MessageFilter) -> UUID:
    """No message since then has an older id: ids are of the time of arrival, or of sending."""
    if wanted.since is None:
        return UUID(int=0)
    earliest = max(0, round((wanted.since - _SLACK).timestamp() * 1000))
    return uuid7(earliest, bytes(10))
