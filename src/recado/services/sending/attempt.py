"""One try to send a message, and what it came to."""

from __future__ import annotations

from recado.domain.engine import Engine, EngineError
from recado.domain.engine import Outgoing as Parcel
from recado.domain.errors import Invalid
from recado.domain.jid import Identity, identity_of
from recado.domain.sending import Gone, Outcome, Queued, Refused, judge
from recado.services.sending.recipients import resolved


async def attempt(engine: Engine, queued: Queued, fence: int) -> Outcome:
    """Send it under its id; behind a number that was a guess WhatsApp is asked first whose it is."""
    session = str(queued.instance_id)
    try:
        wire, names = await _resolve(engine, session, fence, queued.wire)
        sent = await engine.send(session, fence, Parcel(wa_id=queued.wa_id, to=wire, content=queued.content))
    except EngineError as error:
        return judge(error, queued.attempts)
    except Invalid as error:
        return Refused(code=error.code, detail=error.detail)
    return Gone(at=sent.at, names=names or _learnt(queued.who, wire, sent.to))


async def _resolve(engine: Engine, session: str, fence: int, wire: str) -> tuple[str, tuple[Identity, ...]]:
    """The JID to send to; behind a number that was a guess also what that says of its owner."""
    if not wire.startswith("+"):
        return wire, ()
    answers = await engine.resolve(session, fence, [wire])
    recipient = resolved(answers[0])
    known = recipient.address.identity or Identity()
    return recipient.wire, (Identity(phone=wire[1:], lid=known.lid), known)


def _learnt(who: Identity, wire: str, used: str) -> tuple[Identity, ...]:
    """A number and LID that belong together, when the network has just said so and it was not known."""
    identity = identity_of(wire, used)
    return (identity,) if identity.phone and identity.lid and who != identity else ()
