"""What the pairing page shows: which of its ways is open, the code as a picture or in groups, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import segno
from markupsafe import Markup

from recado.domain.instances import Instance, Pairing
from recado.domain.states import MOVED, ONLINE

from .look import Look
from .names import shown_phone
from .standing import sentence_of

Way = Literal["qr", "code", "passkey", "compare", "coming", "agreed", "done", "expired", "idle", "failed", "waiting",
              "elsewhere"]  # fmt: skip

_EXPIRED: Final = frozenset({"qr_expired", "code_expired", "passkey_expired"})
_BEGINS_ANEW: Final = frozenset({"awaiting_scan", "stopped", "logged_out", "failed"})
_BORDER: Final = 4
_SCALE: Final = 5
_GROUP: Final = 4
_LONGEST_CODE: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingView:
    """`picture` is an SVG, dark on light whatever the page looks like; `groups` are those of a code to read."""

    id: UUID
    name: str
    way: Way
    picture: Markup
    groups: tuple[str, ...]
    phone: str
    ends_at: datetime | None
    sentence: str
    is_new: bool


def pairing_view(instance: Instance, pairing: Pairing | None, look: Look) -> PairingView:
    """`pairing` is what waits for the phone now."""
    way = _way(instance, pairing)
    code = pairing.code if pairing is not None else ""
    return PairingView(
        id=instance.id,
        name=instance.instance_name,
        way=way,
        picture=picture(code) if way == "qr" else Markup(),
        groups=_groups(code) if way in ("code", "compare") else (),
        phone=shown_phone(pairing.phone) if pairing is not None else "",
        ends_at=pairing.expires_at if pairing is not None else instance.next_at if way == "waiting" else None,
        sentence=sentence_of(instance, look),
        is_new=instance.state == "stopped" and instance.reason is None,
    )


def picture(code: str) -> Markup:
    """The code as SVG, squares alone, with the quiet zone that scanners need."""
    return Markup(
        segno.make(code, error="l", micro=False).svg_inline(
            scale=_SCALE, border=_BORDER, dark="#000", light="#fff", svgclass="qr", lineclass=None
        )
    )


def _way(instance: Instance, pairing: Pairing | None) -> Way:
    is_asked = instance.wanted == "running" and instance.wanted_at > instance.since
    match instance.state:
        case state if is_asked and state in _BEGINS_ANEW:
            return "coming"
        case "awaiting_scan":
            return _way_of(instance, pairing)
        case "starting":
            return "coming"
        case "pairing" | "syncing":
            return "agreed"
        case "reconnecting":
            return "waiting"
        case state if state in ONLINE:
            return "done"
        case "failed":
            return "failed"
        case "stopped" | "logged_out" if instance.reason != MOVED:
            return "expired" if instance.reason in _EXPIRED else "idle"
    return "elsewhere"


def _way_of(instance: Instance, pairing: Pairing | None) -> Way:
    if pairing is None:
        return "coming"
    if pairing.method == "passkey":
        return "compare" if instance.user_action == "compare_passkey_code" else "passkey"
    return pairing.method


def _groups(code: str) -> tuple[str, ...]:
    """`ABCD-EFGH` as it has its groups itself, any other code by four."""
    if "-" in code:
        return tuple(part for part in code[:_LONGEST_CODE].split("-") if part)
    return tuple(code[n : n + _GROUP] for n in range(0, min(len(code), _LONGEST_CODE), _GROUP))
