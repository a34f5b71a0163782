"""The command line as a child process."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

GUARD = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """What was said on stderr before the hint; there is nothing else but those two lines."""
        first, *rest = self.err.strip().splitlines()
        assert first.startswith("❌ "), self.err
        assert len(rest) <= 1, self.err
        return first.removeprefix("❌ ")

    @property
    def hint(self) -> str:
        return self.err.strip().splitlines()[1].strip()


def environment(directory: Path, **settings: object) -> dict[str, str]:
    """This one without any RECADO_…, and with those settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RECADO_")}
    chosen = {"data_dir": directory / "data", "port": 0} | settings
    return inherited | {f"RECADO_{name.upper()}": str(value) for name, value in chosen.items()}


def recado(*arguments: str, directory: Path, user: int | None = None, **settings: object) -> Ended:
    """Run it to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "recado", *arguments],
        capture_output=True,
        text=True,
        cwd=directory,
        timeout=GUARD,
        env=environment(directory, **settings),
        user=user,
        stdin=subprocess.DEVNULL,
    )
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)
