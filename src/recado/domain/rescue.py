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
    trouble = storable(f"{type(error).__name__}: {error}")[:500]
    if isinstance(inbound, Incoming):
        return replace(
            inbound,
            wa_id=storable_wa_id(inbound.wa_id),
            chat_identity=_plain(inbound.chat_identity),
            sender=_plain(inbound.sender),
            kind=UNKNOWN,
            text=None,
            content=None,
            push_name=None,
            quoted_wa_id=None,
            trouble=trouble,
        )
    if isinstance(inbound, Gap):
        return replace(
            inbound,
            wa_id=storable_wa_id(inbound.wa_id),
            chat_identity=_plain(inbound.chat_identity),
            sender=_plain(inbound.sender),
            cause="undecryptable",
        )
    return Notice(
        session=inbound.session, name="unstorable", value={"type": type(inbound).__name__, "trouble": trouble}
    )


def _plain(identity: Identity) -> Identity:
    phone = f"{identity.phone}@{PHONE_SERVER}" if identity.phone else None
    return identity_of(phone, identity.lid)
