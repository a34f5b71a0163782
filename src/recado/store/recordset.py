"""Many rows as one parameter: a JSON array that PostgreSQL reads as a table (`json_to_recordset`).

For rows of many columns this costs the driver half of what an array for each column does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson


def recordset(rows: Iterable[Mapping[str, Any]]) -> str:
    """UUIDs and datetimes become text; a value of `embedded` stays JSON. Raises for text that cannot be stored."""
    return orjson.dumps(list(rows)).decode()


def embedded(document: bytes) -> orjson.Fragment:
    """JSON that is ready, to stand inside a row."""
    return orjson.Fragment(document)
