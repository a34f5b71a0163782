"""What is kept of something heard that the database would not take: nothing that it could stumble over again."""

from __future__ import annotations

from dataclasses import replace

from .engine import Gap, Inbound, Incoming, Notice
from .ids import storable_wa_id
from .jid import PHONE_SERVER, Identity, identity_of
from .messages import UNKNOWN
from .texts import storable


def plain(inbound: Inbound, error: BaseException) -> Inbound:
    """A message as `unknown`, with its bytes and a `trouble`; a gap without its cause; anything else as a notice."""
    if isinstance(inbound, Incoming):
        return plain_message(inbound, error)
    if isinstance(inbound, Gap):
        return replace(
            inbound,
            wa_id=storable_wa_id(inbound.wa_id),
            chat_identity=_plain(inbound.chat_identity),
            sender=_plain(inbound.sender),
            cause="undecryptable",
        )
    value = {"type": type(inbound).__name__, "trouble": _said(error)}
    return Notice(session=inbound.session, name="unstorable", value=value)


def plain_message(incoming: Incoming, error: BaseException) -> Incoming:
    """As `unknown`, with its bytes and a `trouble`."""
    return replace(
        incoming,
        wa_id=storable_wa_id(incoming.wa_id),
        chat_identity=_plain(incoming.chat_identity),
        sender=_plain(incoming.sender),
        kind=UNKNOWN,
        text=None,
        content=None,
        push_name=None,
        quoted_wa_id=None,
        quoted_text=None,
        details=None,
        media=None,
        target_wa_id=None,
        change=None,
        trouble=_said(error),
    )


def _plain(identity: Identity) -> Identity:
    phone = f"{identity.phone}@{PHONE_SERVER}" if identity.phone else None
    return identity_of(phone, identity.lid)


def _said(error: BaseException) -> str:
    return storable(f"{type(error).__name__}: {error}")[:500]
