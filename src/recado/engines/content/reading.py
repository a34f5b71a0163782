"""From protojson to what the message says: what was written, what is quoted, what else there is to show of its kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from recado.domain.media import Media, media_hints
from recado.domain.messages import QUOTED, UNKNOWN
from recado.domain.texts import storable

from . import asides, choices, dealings, files, places
from .context import around, context_of, quoted_sender, quoted_wa_id
from .files import preview
from .kinds import BYSTANDERS, ENVELOPES, SILENT_PROTOCOL_TYPES
from .told import Reader, Told
from .values import flag, named, part, said, text, whole_text

DEPTH: Final = 16

_SILENT_NAMES: Final = frozenset(SILENT_PROTOCOL_TYPES.values())
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """`is_protocol`: devices speaking among themselves, nothing for people. The rest as in `domain.engine.Incoming`."""

    kind: str
    text: str | None = None
    quoted_wa_id: str | None = None
    is_protocol: bool = False
    quoted_text: str | None = None
    details: dict[str, Any] | None = None
    media: Media | None = None
    target_wa_id: str | None = None
    change: Literal["edit", "delete"] | None = None


def read_json(message: Mapping[str, Any], *, depth: int = DEPTH) -> Content:
    """Read protojson, envelopes or not; `depth` is how many messages may stand inside each other."""
    message, envelopes = _opened(message)
    names = [name for name in message if name not in BYSTANDERS]
    if not names:
        return Content(kind=next(iter(message), UNKNOWN), is_protocol=bool(message))
    kind = names[0]
    body = message[kind]
    if kind == "conversation" and isinstance(body, str):
        return Content(kind=kind, text=storable(body))
    if not _NAME.fullmatch(kind):
        return Content(kind=UNKNOWN)
    if not isinstance(body, Mapping):
        return Content(kind=kind)
    if kind == "protocolMessage":
        return _protocol(body, depth)
    content = _plain(kind, body, depth)
    if any(name.startswith("viewOnce") for name in envelopes):
        content = with_details(content, {"is_view_once": True})
    return content


def with_details(content: Content, more: dict[str, Any]) -> Content:
    return replace(content, details=(content.details or {}) | more)


def _opened(message: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[str]]:
    """What is inside of the envelopes, and which they were."""
    opened: list[str] = []
    for _ in range(DEPTH):
        name = next((name for name in ENVELOPES if name in message), None)
        inner = message[name].get("message") if name and isinstance(message[name], Mapping) else None
        if name is None or not isinstance(inner, Mapping):
            break
        opened.append(name)
        message = inner
    return message, opened


def _plain(kind: str, body: Mapping[str, Any], depth: int) -> Content:
    reader = _READERS.get(kind)
    inner = body.get("message")
    if reader is None and isinstance(inner, Mapping) and depth > 0:
        content = read_json(inner, depth=depth - 1)
        details = {"of": content.kind} | asides.about(part(body, "targetMessageKey")) | (content.details or {})
        return replace(content, kind=kind, details=details, is_protocol=False)
    told = reader(body) if reader else Told()
    context = context_of(body)
    quoted_text, quoted = _quoted(context, depth)
    return Content(
        kind=kind,
        text=told.text,
        quoted_wa_id=quoted_wa_id(context),
        quoted_text=quoted_text,
        details=(told.details | around(context) | quoted) or None,
        media=told.media,
        target_wa_id=told.target,
    )


def _quoted(context: Mapping[str, Any], depth: int) -> tuple[str | None, dict[str, Any]]:
    """What is quoted: its text, and what a summary can be made of when it has none."""
    message = part(context, "quotedMessage")
    about = quoted_sender(context)
    if not message or depth <= 0:
        return None, about
    inner = read_json(message, depth=0)
    if inner.text:
        shown = {"kind": inner.kind}
    else:
        shown = said(kind=inner.kind, details=_hints(inner.details), media=media_hints(inner.media))
    return inner.text[:QUOTED] if inner.text else None, named("quoted", about.get("quoted", {}) | shown)


def _hints(details: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of the details, what a summary looks at."""
    wanted = ("contacts", "location", "group_invite", "newsletter_invite", "event", "product", "order", "of", "album")
    return {name: details[name] for name in wanted if name in details} if details else None


def _protocol(body: Mapping[str, Any], depth: int) -> Content:
    kind, type = "protocolMessage", text(body, "type", 64)
    if type in _SILENT_NAMES:
        return Content(kind=kind, is_protocol=True)
    key = part(body, "key")
    target = asides.target_of(key)
    if target and type == "MESSAGE_EDIT" and depth > 0:
        new = read_json(part(body, "editedMessage"), depth=depth - 1)
        details = {"change": "edit"} | asides.about(key) | (new.details or {})
        return replace(new, kind=kind, details=details, is_protocol=False, target_wa_id=target, change="edit")
    if target and type in ("REVOKE", None):
        details = {"change": "delete"} | asides.about(key)
        return Content(kind=kind, details=details, target_wa_id=target, change="delete")
    return Content(kind=kind, details=asides.setting(body).details or None)


def _extended_text(body: Mapping[str, Any]) -> Told:
    link = said(
        url=text(body, "matchedText"), title=text(body, "title"), description=text(body, "description")
    )  # fmt: skip
    details = named("link", link if "url" in link else {}) | said(is_view_once=flag(body, "viewOnce"))
    return Told(text=whole_text(body, "text"), details=details, media=preview(body))


_READERS: Final[dict[str, Reader]] = {
    "extendedTextMessage": _extended_text,
    **files.READERS,
    **places.READERS,
    **choices.READERS,
    **dealings.READERS,
    **asides.READERS,
}
