"""What stands around a message of any kind: whom it names, where it comes from, what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from recado.domain.ids import storable_wa_id
from recado.domain.jid import parse_jid

from .values import count, flag, jid, named, part, said, text, texts

_MENTIONS: Final = 1024


def context_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `contextInfo`; of some kinds it stands one level deeper."""
    return part(body, "contextInfo")


def quoted_wa_id(context: Mapping[str, Any]) -> str | None:
    id = context.get("stanzaID")
    return storable_wa_id(id) if isinstance(id, str) and id else None


def around(context: Mapping[str, Any]) -> dict[str, Any]:
    """As details of the message."""
    if not context:
        return {}
    return said(
        mentions=_mentions(context),
        mentions_all=True if count(context, "nonJIDMentions") else None,
        is_forwarded=flag(context, "isForwarded"),
        forwarding_score=count(context, "forwardingScore"),
        ephemeral_seconds=count(context, "expiration"),
        ad=_ad(part(context, "externalAdReply")),
    )


def _mentions(context: Mapping[str, Any]) -> list[str]:
    named_ones = (parse_jid(one) for one in texts(context, "mentionedJID")[:_MENTIONS])
    return [str(one.bare) for one in named_ones if one is not None]


def _ad(ad: Mapping[str, Any]) -> dict[str, Any]:
    """The advertisement that led the person here."""
    return said(
        title=text(ad, "title"),
        body=text(ad, "body"),
        source_type=text(ad, "sourceType", 64),
        source_id=text(ad, "sourceID", 256),
        source_url=text(ad, "sourceURL"),
        click_id=text(ad, "ctwaClid", 512),
    )


def quoted_sender(context: Mapping[str, Any]) -> dict[str, Any]:
    return named("quoted", said(sender=jid(context, "participant")))
