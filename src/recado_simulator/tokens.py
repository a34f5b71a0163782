"""The token dictionaries of the binary XML: data that the engine host prints."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = "RECADO_SIMULATOR_TOKENS"
PACKAGED = Path(__file__).parent / "data" / "tokens.json"


class TokensMissing(RuntimeError):
    """There is no token dictionary to speak with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """`single[i]` is the string of the byte i; `double[d][i]` of the pair (d, i)."""

    version: int
    single: tuple[str, ...]
    double: tuple[tuple[str, ...], ...]

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> Tokens:
        """Reads the file that RECADO_SIMULATOR_TOKENS names, else the one in the package.

        Raises TokensMissing with the command that makes it.
        """
        path = Path(environment.get(ENVIRONMENT) or PACKAGED)
        try:
            held = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise TokensMissing(
                f"{path} is missing: make it with `recado-whatsmeow tokens > {path}`, "
                f"or name another file in {ENVIRONMENT}"
            ) from None
        return cls(
            version=held["version"],
            single=tuple(held["single"]),
            double=tuple(tuple(page) for page in held["double"]),
        )
