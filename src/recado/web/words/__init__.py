"""What the pages say, in English and Brazilian Portuguese: a module a screen, a key a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final, NamedTuple

from recado.domain.timeline import Language


class Said(NamedTuple):
    """The same sentence in both languages; `{name}` in it is filled in."""

    en: str
    pt: str


def _collected() -> dict[str, Said]:
    """`screen.key`, for each module of this package and each key of its WORDS."""
    found: dict[str, Said] = {}
    for module in iter_modules(__path__):
        words: Mapping[str, tuple[str, str]] = import_module(f"{__name__}.{module.name}").WORDS
        found |= {f"{module.name}.{key}": Said(*said) for key, said in words.items()}
    return found


ALL: Final = _collected()


def say(language: Language, key: str, n: int | None = None, **given: Any) -> str:
    """The sentence of that key. With `n`, that of `key.one` or `key.other`. Raises KeyError for an unknown key."""
    if n is not None:
        key, given = f"{key}.{'one' if n == 1 else 'other'}", {"n": n, **given}
    said = ALL[key]
    sentence = said.pt if language == "pt" else said.en
    return sentence.format(**given) if given else sentence
