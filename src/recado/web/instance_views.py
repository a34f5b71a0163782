"""What the pieces of an instance's page show: steps of its timeline, what waits to be sent, its webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from recado.domain.messages import Message
from recado.domain.queue_view import Halt, QueueView
from recado.domain.sending import Waiting
from recado.domain.summaries import summary
from recado.domain.timeline import CATALOGUE, TimelineEntry
from recado.domain.webhooks import Webhook

from .look import Look
from .names import chat_name

_LONGEST: Final = 120
_TIMES: Final = ("until",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A row of the timeline; `order` sorts as they happened."""

    id: UUID
    at: datetime
    when: str
    sentence: str
    advice: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMessage:
    """A message that waits. `note` says for what, empty when for nothing but its turn."""

    id: UUID
    chat_id: UUID
    who: str
    text: str
    note: str
    may_be_cancelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook and how it does; `is_for_all`: it hears of all instances."""

    id: UUID
    url: str
    tone: str
    label: str
    dead: int
    is_for_all: bool
    is_own: bool


def step_of(entry: TimelineEntry, look: Look, now: datetime) -> Step:
    """With the times in its sentence as the page tells them."""
    params = entry.params | {name: _time(entry.params[name], look) for name in _TIMES if name in entry.params}
    phrase = CATALOGUE.get(entry.code)
    return Step(
        id=entry.id,
        at=entry.at,
        when=_when(entry.at, look, now),
        sentence=phrase.said(look.language, params) if phrase is not None else entry.sentence,
        advice=entry.next_action or "",
        tone=_STEP_TONES.get(entry.state or "", ""),
    )


def queued_message(message: Message, waiting: Waiting, look: Look) -> QueuedMessage:
    text = " ".join((message.text or summary(message, look.language)).split())
    return QueuedMessage(
        id=message.id,
        chat_id=message.chat.id,
        who=chat_name(message.chat, look),
        text=text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…",
        note=_note(waiting, look),
        may_be_cancelled=not waiting.is_under_way and message.status == "queued",
    )


def queue_sentence(queue: QueueView, look: Look) -> list[str]:
    """How much waits, in a few words each."""
    counts = queue.counts
    said = (("waiting", counts.queued), ("under_way", counts.under_way), ("scheduled", counts.scheduled))
    return [look.t(f"instance.queue.{what}", n=n) for what, n in said if n]


def halt_sentence(halt: Halt | None, look: Look) -> str:
    """What holds it up, empty when nothing does."""
    if halt is None:
        return ""
    if halt.is_for_all:
        return look.t("instance.queue.halt.all")
    return look.t("instance.queue.halt.new", until=look.full(halt.until) if halt.until else "?")


def hooks_of(found: Sequence[Webhook], look: Look) -> list[Hook]:
    return [_hook(webhook, look) for webhook in found]


def _hook(webhook: Webhook, look: Look) -> Hook:
    tone, word = _health(webhook)
    return Hook(
        id=webhook.id,
        url=webhook.url.partition("?")[0],
        tone=tone,
        label=look.t(f"instance.webhook.{word}"),
        dead=webhook.dead,
        is_for_all=webhook.instance_id is None,
        is_own=webhook.source == "instance_url",
    )


def _health(webhook: Webhook) -> tuple[str, str]:
    if webhook.state != "active":
        return ("bad", "disabled") if webhook.state == "disabled" else ("warn", "paused")
    if webhook.failing_since is not None:
        return "bad", "failing"
    return ("warn", "waiting") if webhook.waiting else ("good", "good")


def _note(waiting: Waiting, look: Look) -> str:
    if waiting.is_under_way:
        return look.t("instance.queue.sending")
    if waiting.timing.send_at is not None:
        return look.t("instance.queue.at", when=look.full(waiting.timing.send_at))
    if waiting.not_before is not None and waiting.attempts:
        return look.t("instance.queue.again", when=look.full(waiting.not_before))
    return ""


def _when(moment: datetime, look: Look, now: datetime) -> str:
    day, clock = look.short(moment, now), look.clock(moment)
    return clock if day == clock else f"{day}, {clock}"


def _time(told: Any, look: Look) -> Any:
    try:
        return look.full(datetime.fromisoformat(str(told)))
    except ValueError:
        return told


_STEP_TONES: Final = {
    "connected": "good",
    "degraded": "warn",
    "reconnecting": "warn",
    "conflict": "bad",
    "blocked": "bad",
    "logged_out": "bad",
    "failed": "bad",
}
