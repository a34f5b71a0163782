"""Whom a message is for: reads what people write, and lets WhatsApp say which number or LID that is."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import phonenumbers
import structlog

from recado.clock import Clock
from recado.domain.chats import Address, address_of
from recado.domain.engine import Engine, EngineError, Resolved
from recado.domain.errors import Invalid
from recado.domain.jid import Identity, identity_of, parse_jid
from recado.domain.numbers import spellings
from recado.domain.sending import Recipient
from recado.services.roster import Roster
from recado.store import recipients as store
from recado.store.database import Database

_PHONE: Final = re.compile(r"\+?[\d\s().\-/]{3,40}", re.ASCII)
_PATIENCE: Final = timedelta(seconds=5)
_KEEP: Final = timedelta(hours=1)
_KEPT_LIMIT: Final = 20_000

log = structlog.get_logger()


class Recipients:
    """Finds recipients; what WhatsApp has answered is remembered for an hour."""

    def __init__(self, database: Database, engine: Engine, roster: Roster, clock: Clock, *, region: str = "BR") -> None:
        self._database = database
        self._engine = engine
        self._roster = roster
        self._clock = clock
        self._region = region
        self._kept: dict[tuple[UUID, str], tuple[datetime, Recipient]] = {}

    async def find(self, instance_id: UUID, to: str) -> Recipient:
        """Read a number or JID, and ask WhatsApp for the form that it knows when the instance is connected.

        When it is not, the answer is a guess, settled before the message goes out. Raises Invalid, field `to`.
        """
        recipient = read(to, self._region)
        if not recipient.is_guess:
            return recipient
        key = (instance_id, recipient.wire)
        until, kept = self._kept.get(key, (None, None))
        if kept is not None and until is not None and until > self._clock.now():
            return kept
        found = await self._known(instance_id, recipient.wire) or await self._asked(instance_id, recipient.wire)
        if found is None:
            return recipient
        self._keep(key, found)
        return found

    async def _known(self, instance_id: UUID, wire: str) -> Recipient | None:
        async with self._database.transaction() as tx:
            identity = await store.find_proven(tx, instance_id, spellings(wire.removeprefix("+")))
        return None if identity is None else _person(identity, f"{identity.phone}@s.whatsapp.net")

    async def _asked(self, instance_id: UUID, wire: str) -> Recipient | None:
        fence = self._roster.fence_of(instance_id)
        if fence is None:
            return None
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                [answer] = await self._engine.resolve(str(instance_id), fence, [wire])
        except (EngineError, TimeoutError, ValueError) as error:
            log.info("recipient.unresolved", instance=str(instance_id), error=str(error))
            return None
        return resolved(answer)

    def _keep(self, key: tuple[UUID, str], recipient: Recipient) -> None:
        if len(self._kept) >= _KEPT_LIMIT:
            self._kept.clear()
        self._kept[key] = (self._clock.now() + _KEEP, recipient)


def read(to: str, region: str) -> Recipient:
    """A JID as it is, or a number as a guess in international form. Raises Invalid."""
    text = to.strip()
    return _read_jid(text) if "@" in text else _read_phone(text, region)


def resolved(answer: Resolved) -> Recipient:
    """The recipient behind WhatsApp's answer about a number. Raises Invalid when it has no account."""
    if not answer.is_registered or not answer.jid:
        raise Invalid(
            "not_on_whatsapp",
            f"{answer.query} is not on WhatsApp.",
            field="to",
            hint="Check the number, with country and area code.",
        )
    return _person(identity_of(answer.jid, answer.lid), answer.jid)


def _person(identity: Identity, wire: str) -> Recipient:
    return Recipient(address=Address(kind="person", identity=identity), wire=wire)


def _read_jid(text: str) -> Recipient:
    jid = parse_jid(text)
    address = address_of(text, identity_of(text)) if jid is not None else None
    if jid is None or address is None or address.kind not in ("person", "group") or not jid.user:
        raise Invalid(
            "recipient_unsupported",
            "That is no address that a message can be sent to.",
            field="to",
            hint="Use a phone number, 5511999990000@s.whatsapp.net, 123456@lid or 123456@g.us.",
        )
    return Recipient(address=address, wire=str(jid.bare))


def _read_phone(text: str, region: str) -> Recipient:
    number = _number(text, region) if _PHONE.fullmatch(text) else None
    if number is None:
        raise Invalid(
            "recipient_invalid",
            "That is no phone number.",
            field="to",
            hint=f"Write it with + and the country code, as it is dialled in {region} (RECADO_REGION), or give a JID.",
        )
    phone = f"{number.country_code}{phonenumbers.national_significant_number(number)}"
    return Recipient(address=Address(kind="person", identity=Identity(phone=phone)), wire=f"+{phone}")


def _number(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    """International when it says so; else the first reading that is valid, else the first that is possible."""
    if text.startswith(("+", "00")):
        readings = [_parse("+" + text.lstrip("+0"), None)]
    else:
        readings = [_parse(text, region), _parse("+" + text, None)]
    found = [number for number in readings if number is not None and phonenumbers.is_possible_number(number)]
    return next((number for number in found if phonenumbers.is_valid_number(number)), found[0] if found else None)


def _parse(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
