"""A Chromium for the tests of the pages, found by scripts/browser. Without one they are skipped, never silently.

With CI=true they fail instead. What was not run is said in one sentence at the end of the run.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

FIND = Path(__file__).parents[1] / "scripts" / "browser"


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of a browser that starts. `make test` has got one before, where that can be."""
    found = subprocess.run([FIND, "--found"], capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return Path(found.stdout.strip())
    why = found.stderr.strip()
    if os.environ.get("CI") == "true":
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if _has_no_browser(report)]
    if skipped:
        names = ", ".join(sorted(report.nodeid.rpartition("::")[2] for report in skipped))
        why = skipped[0].longrepr[2].removeprefix("Skipped: ")
        terminalreporter.section("browser stories that were NOT run", red=True)
        terminalreporter.write_line(f"{len(skipped)} were not run ({names}): {why}.")


def _has_no_browser(report: pytest.TestReport) -> bool:
    return isinstance(report.longrepr, tuple) and "there is no browser" in report.longrepr[2]
