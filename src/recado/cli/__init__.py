"""The command line: one noun a file. `recado --help` is the map."""

from __future__ import annotations

import sys

from recado.domain.errors import RecadoError


def main() -> None:
    """Run a command; a known error is one plain sentence on stderr and exit code 2."""
    from .commands import app

    try:
        app(sys.argv[1:])
    except RecadoError as error:
        hint = f"\n   {error.hint}" if error.hint else ""
        print(f"❌ {error.detail}{hint}", file=sys.stderr)
        raise SystemExit(2) from None
    except (KeyboardInterrupt, BrokenPipeError):
        raise SystemExit(130) from None
