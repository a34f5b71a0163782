"""Text as it is compared: SQL that makes an expression small and takes its accents away."""

from __future__ import annotations

from typing import Final

_ACCENTED: Final = "áàâãäåéèêëíìîïóòôõöúùûüçñ"
_PLAIN: Final = "aaaaaaeeeeiiiiooooouuuucn"
_LONGEST: Final = 10_000


def plain(text: str) -> str:
    """Small letters without accents, of as many characters as the text has."""
    return f"translate(lower({text}), '{_ACCENTED}', '{_PLAIN}')"


def stemmable(text: str) -> str:
    """The same of its first 10,000 characters, with one ending for -ão and -ões, whose stems differ without accents."""
    return f"replace(replace({plain(f'left({text}, {_LONGEST})')}, 'oes', 'ao'), 'aes', 'ao')"


def document(row: str) -> str:
    """What a message is found by: the expression of the index `whatsapp_messages_search`, for a row of that name."""
    words = stemmable(f"coalesce({row}.text, '') || ' ' || coalesce({row}.quoted_text, '')")
    stems = f"to_tsvector('portuguese', {words}) || to_tsvector('english', {words})"
    return f"strip({stems} || array_to_tsvector(ARRAY[{row}.instance_id::text]))"
