"""History orders: a phone's past as a body of the control API says it."""

from __future__ import annotations

import asyncio
from typing import Any, get_args

from recado_simulator.disorder import untidy
from recado_simulator.history import Broken, Conversation, History, HistoryMessage, Past, Rank
from recado_simulator.phone import Phone

Json = dict[str, Any]
TOLD_AS_THEY_ARE = (
    "pn",
    "lid",
    "name",
    "unread",
    "is_marked_unread",
    "is_archived",
    "pinned_at",
    "muted_until",
    "last_at",
)


async def take(phone: Phone, body: Json) -> Json:
    """Gives the phone what the body says, and offers it to the linked devices that there are.

    Raises ValueError, TypeError or KeyError for a body that says no history.
    """
    broken = body.get("broken")
    if broken is not None and broken not in get_args(Broken):
        raise ValueError(f"{broken!r} is no way to be broken: {', '.join(get_args(Broken))}")
    phone.answers_requests = body.get("answers_requests", phone.answers_requests)
    phone.answers_inline = body.get("answers_inline", phone.answers_inline)
    if "untidy" in body or "conversations" in body or "push_names" in body:
        phone.history = await history_of(phone, body)
        await phone.offer_history(phone.history.chunks, inline=body.get("inline", False), broken=broken)
    return offered(phone)


def offered(phone: Phone) -> Json:
    """What the phone's linked devices were told of, and what became of it."""
    return {"offers": [offer.as_json() for offer in phone.offers]}


async def history_of(phone: Phone, body: Json) -> Past:
    """An untidy history, whose names go into the phone's address book, or the conversations that are listed."""
    if "untidy" in body:
        history = await asyncio.to_thread(untidy, **body["untidy"])
        with phone.app_state.together():
            for entry in history.book:
                phone.book.save(entry.jid, entry.name)
        return history
    return History(
        conversations=[conversation_of(one) for one in body.get("conversations", ())],
        push_names=body.get("push_names", {}),
        lids=body.get("lids", {}),
    )


def conversation_of(body: Json) -> Conversation:
    return Conversation(
        body["chat"],
        messages=[message_of(one) for one in body.get("messages", ())],
        older=[message_of(one) for one in body.get("older", ())],
        members=[(member["jid"], Rank[member.get("rank", "regular").upper()]) for member in body.get("members", ())],
        **{name: body[name] for name in TOLD_AS_THEY_ARE if name in body},
    )


def message_of(body: Json) -> HistoryMessage:
    return HistoryMessage(
        id=body["id"],
        at=body["at"],
        text=body.get("text", ""),
        is_from_me=body.get("is_from_me", False),
        sender=body.get("sender", ""),
        push_name=body.get("push_name", ""),
    )
