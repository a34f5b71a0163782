"""The templates and what they say: every sentence in both languages, no script, no style, little JavaScript."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from recado import web
from recado.web.drawing import assets
from recado.web.words import ALL

ROOT = Path(web.__file__).parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
USED = re.compile(r"""\bt\(\s*(?:n=\w+,\s*)?["']([a-z_]+\.[\w.]+)["']\s*([,)~])""")
# What is said with a number: `n` by name, or in the second place.
COUNTS = re.compile(r"""\bt\(\s*["']([a-z_]+\.[\w.]+)["'],\s*(?:n=|[a-z_.]+\s*(?:\||\)|,))""")


def test_each_sentence_is_there_in_both_languages_with_the_same_blanks():
    for key, said in ALL.items():
        assert said.en, key
        assert said.pt, key
        assert set(re.findall(r"\{\w+\}", said.en)) == set(re.findall(r"\{\w+\}", said.pt)), key


@pytest.mark.parametrize("source", [*TEMPLATES, *sorted(ROOT.glob("*.py"))], ids=lambda path: path.name)
def test_each_sentence_that_is_used_is_there(source: Path):
    for key, sign in USED.findall(source.read_text("utf-8")):
        known = key in ALL or f"{key}.one" in ALL or sign == "~"
        assert known, f"{source.name} says {key}"


@pytest.mark.parametrize("source", [*TEMPLATES, *sorted(ROOT.glob("*.py"))], ids=lambda path: path.name)
def test_a_sentence_that_counts_is_there_for_one_and_for_many(source: Path):
    for key in COUNTS.findall(source.read_text("utf-8")):
        assert {f"{key}.one", f"{key}.other"} <= ALL.keys(), f"{source.name} counts {key}"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_script_and_no_style_stands_in_a_template(template: Path):
    text = template.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:|\|\s*safe\b|hx-on", text)


def test_all_scripts_together_are_small():
    scripts = [asset for name, asset in assets().by_name.items() if name.endswith(".js")]
    assert sum(len(gzip.compress(script.content)) for script in scripts) <= 60 * 1024
