"""The command line as a child process."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from recado.cli import main

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
    chosen = {"data_dir": directory / "data", "port": 0, "pace": "off"} | settings
    return inherited | {f"RECADO_{name.upper()}": str(value) for name, value in chosen.items()}


def recado(*arguments: str, directory: Path, **settings: object) -> Ended:
    """Run it to its end, as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "recado", *arguments],
        capture_output=True,
        text=True,
        cwd=directory,
        timeout=GUARD,
        env=environment(directory, **settings),
        stdin=subprocess.DEVNULL,
    )
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)


class Inside:
    """The same in this process, by the function that the program calls: without a second for the imports."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str, directory: Path, **settings: object) -> Ended:
        self._capsys.readouterr()
        with self._monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("RECADO_")]:
                patch.delenv(name)
            for name, value in environment(directory, **settings).items():
                patch.setenv(name, value)
            patch.chdir(directory)
            patch.setattr(sys, "argv", ["recado", *arguments])
            code = self._main()
        said = self._capsys.readouterr()
        return Ended(code=code, out=said.out, err=said.err)

    def _main(self) -> int:
        root, before = logging.getLogger(), logging.getLogger().handlers[:]
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        finally:
            root.handlers[:] = before
            structlog.reset_defaults()
        return 0
