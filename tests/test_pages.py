"""What the pages tell people to type is there, the doctor's lines are explained, the Portuguese pages say the same."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from recado.cli.commands import COMMANDS
from recado.cli.diagnoses import DIAGNOSES
from recado.settings import Settings
from recado.store.database import Database
from recado.store.rows import fetch_values

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
TRANSLATED = sorted(ROOT.glob("**/*.pt-BR.md"))
# Of the command line, and what Recado and the engine tell each other.
OTHERS = {"RECADO_URL", "RECADO_API_KEY", "RECADO_ENGINE_DATABASE_URL", "RECADO_SIMULATOR_TOKENS"}


def code_of(page: Path) -> Iterator[str]:
    """Each line of code, and each word of code in a line."""
    text = page.read_text("utf-8")
    for block in re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE))


def commands_of(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Each call of our command line: its words up to the first argument, and its options."""
    for line in code_of(page):
        for call in re.findall(r"(?:^|[ /])recado ((?:[a-z-]+ ?)+.*)", line):
            words = call.partition("#")[0].split()
            yield " ".join(words[:2]), [word.partition("=")[0] for word in words if re.fullmatch(r"--[a-z-]+", word)]


def is_there(call: str) -> bool:
    group, _, name = call.partition(" ")
    if group not in COMMANDS:
        return False
    inside = list(importlib.import_module(f"recado.cli.{group}").app)
    return name in inside or not [one for one in inside if not one.startswith("-")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_tells_to_type_is_there(page: Path):
    options = (ROOT / "docs" / "commands.md").read_text("utf-8")
    wrong = [call for call, _ in commands_of(page) if not is_there(call) and call.split()[0] in COMMANDS]
    assert wrong == []
    assert [option for _, used in commands_of(page) for option in used if option not in options] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_that_a_page_names_is_one(page: Path):
    known = {f"RECADO_{name.upper()}" for name in Settings.model_fields} | OTHERS
    assert set(re.findall(r"RECADO_[A-Z_]*[A-Z]\b", page.read_text("utf-8"))) - known == set()


def test_every_line_of_the_doctor_is_explained_and_no_other():
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    table = page[page.index("| it says |") : page.index("What else it says")]
    told = re.findall(r"^\| ((?:✅|⚠️|❌) [^|]+?) \|", table, re.MULTILINE)
    said = [f"{line.mark} {re.sub('{[^}]+}', '…', line.sentence)}" for line in DIAGNOSES.values()]
    assert sorted(map(without_values, told)) == sorted(map(without_values, said))


def without_values(sentence: str) -> str:
    """Values that follow each other count as one, and a point at the end as none."""
    return re.sub(r"…(?:[,:.]? …)*\.?", "…", sentence)


async def test_the_relations_that_a_page_names_for_postgrest_are_there(db: Database):
    named = {
        name for page in ROOT.glob("docs/supabase*.md") for name in re.findall(r"!(\w+)\(", page.read_text("utf-8"))
    }
    async with db.transaction() as tx:
        assert named <= set(await fetch_values(tx, "SELECT conname FROM pg_constraint WHERE contype = 'f'"))
    assert named


@pytest.mark.parametrize("page", TRANSLATED, ids=lambda page: page.name)
def test_a_portuguese_page_and_the_english_one_are_linked_and_have_the_same_parts(page: Path):
    other = page.with_name(page.name.replace(".pt-BR", ""))
    portuguese, english = page.read_text("utf-8"), other.read_text("utf-8")
    assert f"English: [{other.name}]({other.name})" in portuguese
    assert f"Português: [{page.name}]({page.name})" in english
    for part in (r"^#+ ", r"^\* ", r"^\|"):
        assert len(re.findall(part, portuguese, re.MULTILINE)) == len(re.findall(part, english, re.MULTILINE)), part
    assert list(map(without_words, blocks(portuguese))) == list(map(without_words, blocks(english)))
    assert links(portuguese) == links(english)


def blocks(text: str) -> list[str]:
    return re.findall(r"```(?:sh|js|text)\n(.*?)```", text, re.DOTALL)


def without_words(block: str) -> str:
    """Code without what is said in a language: comments, names of places, messages of errors."""
    return re.sub(r" *#.*|<[^>]+>|Error\('[^']*'\)", "", block)


def links(text: str) -> set[str]:
    """Where it leads; a page that exists in both languages counts as one."""
    targets = {target.replace(".pt-BR", "") for target in re.findall(r"\]\(([^)]+)\)", text)}
    return {target for target in targets if not target.startswith("docs/seed")} | {"docs/seed.md"}
