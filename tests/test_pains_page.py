"""docs/pains.md keeps its word: every pain that was promised has its line, and every line a fact and a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.seed_watch import PAGES, named_on

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "pains.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([AB]\d+) \|([^|]*)\|([^|]*)\|([^|]*)\|$", PAGE, re.MULTILINE)
PROMISED = {
    *(f"A{number}" for number in (1, 2, 3, 4, 5, 8, 9, 15, 21)),
    *(f"B{number}" for number in (1, 6, 7, 8, 10, 12, 13, 16, 17, 18, 19, 20)),
}


def test_every_pain_that_was_promised_is_on_the_page():
    assert {number for number, *_ in ROWS} == PROMISED


def test_every_line_has_a_fact_and_one_test():
    assert [row for row in ROWS if not row[2].strip() or len(named_on(row[3])) != 1] == []


@pytest.mark.parametrize("test", sorted(named_on(PAGE)))
def test_the_test_that_a_line_names_is_there(test: str):
    path, _, name = test.partition("::")
    assert re.search(rf"^(?:async )?def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE)


def test_a_whole_run_waits_for_them():
    assert ROOT / "docs" / "pains.md" in PAGES
