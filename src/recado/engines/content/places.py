"""Places, contact cards and invitations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .files import preview
from .told import Reader, Told
from .values import MOST, count, flag, jid, moment, named, parts, real, said, text, whole_text

_CARD_LIMIT: Final = 131_072
_LINE: Final = re.compile(r"(?:[A-Za-z0-9-]+\.)?(FN|N|TEL|EMAIL|ORG)((?:;[^:]*)?):(.*)", re.IGNORECASE)
_WAID: Final = re.compile(r"waid=([0-9]{5,20})", re.IGNORECASE)
_ESCAPED: Final = re.compile(r"\\([\\,;nN])")


def place(body: Mapping[str, Any]) -> dict[str, Any]:
    """A position in degrees, and what it is called."""
    return said(
        latitude=real(body, "degreesLatitude"),
        longitude=real(body, "degreesLongitude"),
        name=text(body, "name"),
        address=text(body, "address"),
        is_live=flag(body, "isLive"),
        accuracy_m=count(body, "accuracyInMeters"),
    )


def _location(body: Mapping[str, Any]) -> Told:
    return Told(text=whole_text(body, "comment"), details=named("location", place(body)), media=preview(body))


def _live_location(body: Mapping[str, Any]) -> Told:
    about = place(body) | {"is_live": True} | said(speed_mps=real(body, "speedInMps"))
    return Told(text=whole_text(body, "caption"), details={"location": about}, media=preview(body))


def card(body: Mapping[str, Any]) -> dict[str, Any]:
    """Name and numbers of a contact card; `phone_number` is the number on WhatsApp, digits only."""
    found: dict[str, list[Any]] = {"FN": [], "N": [], "TEL": [], "EMAIL": [], "ORG": []}
    vcard = text(body, "vcard", _CARD_LIMIT) or ""
    for line in re.sub(r"\r?\n[ \t]", "", vcard).splitlines():
        read = _LINE.fullmatch(line.strip())
        if read and len(found[read[1].upper()]) < MOST:
            found[read[1].upper()].append(_number(read[2], read[3]) if read[1].upper() == "TEL" else _plain(read[3]))
    name = text(body, "displayName") or next(iter(found["FN"]), None) or _joined(found["N"])
    emails = [one for one in found["EMAIL"] if one]
    return said(name=name, numbers=found["TEL"], emails=emails, organization=_joined(found["ORG"]))


def _number(parameters: str, value: str) -> dict[str, Any]:
    waid = _WAID.search(parameters)
    return said(number=_plain(value), phone_number=waid[1] if waid else None)


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda one: "\n" if one[1] in "nN" else one[1], value).strip()[:MOST]


def _joined(values: list[str]) -> str | None:
    """The filled parts of a value that has several."""
    return " ".join(filter(None, (part.strip() for value in values[:1] for part in value.split(";")))) or None


def _contact(body: Mapping[str, Any]) -> Told:
    return Told(details={"contacts": [card(body)]})


def _contacts(body: Mapping[str, Any]) -> Told:
    return Told(details={"contacts": [card(one) for one in parts(body, "contacts")]})


def _group_invite(body: Mapping[str, Any]) -> Told:
    about = said(
        jid=jid(body, "groupJID"),
        name=text(body, "groupName"),
        code=text(body, "inviteCode", 64),
        expires_at=moment(body, "inviteExpiration"),
    )
    return Told(text=whole_text(body, "caption"), details=named("group_invite", about), media=preview(body))


def _newsletter_invite(body: Mapping[str, Any]) -> Told:
    about = said(
        jid=jid(body, "newsletterJID"),
        name=text(body, "newsletterName"),
        expires_at=moment(body, "inviteExpiration"),
    )
    return Told(text=whole_text(body, "caption"), details=named("newsletter_invite", about), media=preview(body))


READERS: Final[dict[str, Reader]] = {
    "locationMessage": _location,
    "liveLocationMessage": _live_location,
    "contactMessage": _contact,
    "contactsArrayMessage": _contacts,
    "groupInviteMessage": _group_invite,
    "newsletterAdminInviteMessage": _newsletter_invite,
    "newsletterFollowerInviteMessageV2": _newsletter_invite,
}
