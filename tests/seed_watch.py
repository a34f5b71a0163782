"""After a whole run: every test that docs/seed.md or docs/pains.md names has run and passed, or the run has failed."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = (DOCS / "seed.md", DOCS / "pains.md")
_NAMED = re.compile(r"`(test_s\d_\d_\w+|tests/[\w/]+\.py::test_\w+)`")


def named_on(page: str) -> set[str]:
    """The tests that the page names: by name alone, or with their file before it."""
    return set(_NAMED.findall(page))


def is_whole(config: pytest.Config) -> bool:
    """Whether nothing was chosen or left out: no paths, no -k, no -m, nothing deselected."""
    options = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "collectonly")
    is_chosen = any(getattr(config.option, name, None) for name in options)
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not is_chosen


class SeedWatch:
    """Hears of every test that ends, also those of xdist's workers, where it does not watch itself."""

    def __init__(self, named: Collection[str], page: str = "docs/seed.md") -> None:
        self._awaited = set(named)
        self._page = page
        self._is_whole = False

    def pytest_configure(self, config: pytest.Config) -> None:
        self._is_whole = is_whole(config) and not hasattr(config, "workerinput")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            name = report.nodeid.rpartition("::")[2].partition("[")[0]
            self._awaited -= {name, f"{report.nodeid.partition('::')[0]}::{name}"}

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._is_whole and self._awaited and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._is_whole and self._awaited:
            terminalreporter.section(f"the lines of {self._page}")
            for name in sorted(self._awaited):
                terminalreporter.line(f"{self._page} names {name}, and it did not run to its end", red=True)


def pytest_configure(config: pytest.Config) -> None:
    for page in PAGES:
        watch = SeedWatch(named_on(page.read_text("utf-8")), f"docs/{page.name}")
        config.pluginmanager.register(watch, f"watch-{page.stem}")
