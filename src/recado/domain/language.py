"""Which language a request prefers."""

from __future__ import annotations

from collections.abc import Iterator

from .timeline import Language


def preferred(accepted: str) -> Language:
    """Of an Accept-Language: Portuguese when it is preferred, else English; what cannot be read counts for nothing."""
    weights = sorted(_weights(accepted), key=lambda pair: -pair[1])
    return next((language for language, weight in weights if weight > 0), "en")


def _weights(accepted: str) -> Iterator[tuple[Language, float]]:
    for entry in accepted.split(","):
        tag, _, rest = entry.strip().lower().partition(";")
        name = tag.strip().partition("-")[0]
        weight = rest.strip().removeprefix("q=") if rest else "1"
        try:
            if name in ("pt", "en"):
                yield ("pt" if name == "pt" else "en"), float(weight)
        except ValueError:
            continue
