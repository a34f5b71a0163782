"""Where the whatsmeow host is on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import recado
from recado.domain.errors import Misconfigured

NAME: Final = "recado-whatsmeow"


def find_binary(chosen: Path | None) -> Path:
    """The one that was chosen, else the package's own, else that of the source checkout, else the PATH's.

    Raises Misconfigured when it is not there or may not be executed.
    """
    if chosen is not None:
        if os.access(chosen, os.X_OK) and chosen.is_file():
            return chosen
        raise Misconfigured(
            "engine_missing",
            f"RECADO_ENGINE_BINARY names {chosen}, which is not there or may not be executed.",
            hint="Leave it empty to use the one that `make engine` builds.",
        )
    for path in _candidates():
        if os.access(path, os.X_OK) and path.is_file():
            return path
    raise Misconfigured(
        "engine_missing",
        "The engine host, the program that speaks to WhatsApp, is not there.",
        hint="Build it with: make engine",
    )


def _candidates() -> Iterator[Path]:
    package = Path(recado.__file__).parent
    yield package / "bin" / NAME
    yield package.parents[1] / "build" / NAME
    on_path = shutil.which(NAME)
    if on_path is not None:
        yield Path(on_path)
