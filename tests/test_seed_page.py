"""docs/seed.md keeps its word: every number has its test, every such test its line, and every file is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "seed.md").read_text()
ROW = re.compile(r"^\| (S\d\.\d) \|(.*)\|$", re.MULTILINE)
NUMBERED = re.compile(r"^(?:async )?def (test_s(\d)_(\d)_\w+)", re.MULTILINE)
SECTIONS = {1: 2, 2: 4, 3: 3, 4: 5, 5: 2, 6: 2, 7: 7, 8: 8}

ROWS = {number: [cell.strip() for cell in cells.split("|")] for number, cells in ROW.findall(PAGE)}
TESTS = {
    name: f"S{section}.{item}"
    for path in sorted((ROOT / "tests").rglob("test_*.py"))
    for name, section, item in NUMBERED.findall(path.read_text())
}


def test_every_claim_of_the_seed_is_numbered():
    wanted = {f"S{section}.{item}" for section, count in SECTIONS.items() for item in range(1, count + 1)}
    assert set(ROWS) == wanted


def test_every_line_names_a_test_that_is_there():
    named = {number: cells[3].strip("`") for number, cells in ROWS.items()}
    assert {number: TESTS.get(name) for number, name in named.items()} == {number: number for number in named}


def test_every_test_with_a_number_stands_in_its_line():
    assert {name for name, number in TESTS.items() if f"`{name}`" not in " ".join(ROWS[number])} == set()


@pytest.mark.parametrize("number", sorted(ROWS))
def test_the_file_of_a_line_is_there(number: str):
    files = re.findall(r"`((?:src|engines|docs|sql|tests)/[^`]+)`", ROWS[number][1])
    assert files
    assert [file for file in files if not (ROOT / file).exists()] == []
