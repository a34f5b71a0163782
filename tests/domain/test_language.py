"""Which language a request prefers."""

from __future__ import annotations

import pytest

from recado.domain.language import preferred


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("pt-BR", "pt"),
        ("PT", "pt"),
        ("en, pt", "en"),
        ("en;q=0.1, pt;q=0.2", "pt"),
        ("pt;q=0", "en"),
        ("pt;q=x, ;, q", "en"),
        ("*", "en"),
        ("", "en"),
    ],
)
def test_the_language_that_a_request_prefers(header: str, language: str):
    assert preferred(header) == language
