"""A message of any kind in one line, in English or Portuguese; never empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from .labels import FILES, KINDS, Label
from .media import Media, media_hints
from .summary_parts import PARTS, Details
from .timeline import Language

LONGEST: Final = 160
_WRITTEN: Final = frozenset({"conversation", "extendedTextMessage"})
_REVOKED: Final = frozenset({"REVOKE", "ADMIN_REVOKE"})
_DELETED: Final = Label("🚫", "Message deleted", "Mensagem apagada")
_CHANGES: Final = {
    "edit": Label("✏️", "Edited a message", "Editou uma mensagem"),
    "delete": Label("🚫", "Deleted a message", "Apagou uma mensagem"),
}
_FALLBACK: Final = Label("", "Message of kind {}", "Mensagem do tipo {}")
_ONCE: Final = Label("", "view once", "visualização única")


class Summarized(Protocol):
    """What a summary is made of: a message, or what a chat shows of its last one."""

    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str | None: ...
    @property
    def details(self) -> dict[str, Any] | None: ...
    @property
    def media(self) -> Media | None: ...


def summary(message: Summarized, language: Language = "en") -> str:
    """One line of at most 160 characters."""
    return _line(message.kind, message.text, message.details or {}, media_hints(message.media) or {}, language)


def quoted_line(details: Details | None, language: Language = "en") -> str | None:
    """What is quoted, when it has no text of its own; None when nothing is known of it."""
    quoted = (details or {}).get("quoted")
    if not isinstance(quoted, Mapping) or not isinstance(quoted.get("kind"), str):
        return None
    return _line(quoted["kind"], None, quoted.get("details") or {}, quoted.get("media") or {}, language)


def one_line(text: str | None) -> str:
    """A text without its line breaks, cut at 160 characters."""
    return _shortened(" ".join(text[: 8 * LONGEST].split())) if text else ""


def _line(kind: str, text: str | None, details: Details, file: Details, language: Language) -> str:
    written = one_line(text)
    if kind in _WRITTEN and written:
        return written
    kind = details.get("of", kind)
    label = _label(kind, details, file)
    part = PARTS.get(kind)
    said = one_line(part(details, language)) if part and label is not _DELETED else ""
    shown = said or written or _named(label, kind, file, language)
    once = f" ({_ONCE.said(language)})" if details.get("is_view_once") else ""
    return _shortened(f"{label.sign} {shown}{once}".strip())


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _label(kind: str, details: Details, file: Details) -> Label:
    if details.get("deleted") or (kind == "stub" and details.get("type") in _REVOKED):
        return _DELETED
    change = details.get("change")
    if change in _CHANGES:
        return _CHANGES[change]
    label = KINDS.get(kind, _FALLBACK)
    return FILES.get(file.get("kind", ""), label) if label in FILES.values() else label


def _named(label: Label, kind: str, file: Details, language: Language) -> str:
    if label is FILES["document"] and file.get("file_name"):
        return one_line(str(file["file_name"]))
    seconds = file.get("seconds")
    duration = f" ({seconds // 60}:{seconds % 60:02d})" if isinstance(seconds, int) and seconds > 0 else ""
    return label.said(language).format(kind) + duration
