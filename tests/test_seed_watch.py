"""The run itself fails when a test that docs/seed.md names did not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.seed_watch import SeedWatch, named_on

TESTS = "import pytest\ndef test_s1_1_runs(): pass\n@pytest.mark.skip\ndef test_s1_2_is_skipped(): pass\n"
QUIET = ("-p", "no:xdist", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:timeout")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A run of its own over two tests, of which one is skipped."""
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = .\naddopts = --import-mode=importlib\n")
    (tmp_path / "test_seeds.py").write_text(TESTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def start(*arguments: str, named: tuple[str, ...]) -> int:
        return pytest.main([*QUIET, *arguments], plugins=[SeedWatch(named)])

    return start


def test_a_whole_run_in_which_a_named_test_was_skipped_fails_and_says_so(run, capsys: pytest.CaptureFixture[str]):
    assert run(named=("test_s1_1_runs", "test_s1_2_is_skipped")) == pytest.ExitCode.TESTS_FAILED
    assert "docs/seed.md names test_s1_2_is_skipped, and it did not run to its end" in capsys.readouterr().out


def test_a_whole_run_in_which_a_named_test_is_not_there_fails(run):
    assert run(named=("test_s1_3_is_nowhere",)) == pytest.ExitCode.TESTS_FAILED


def test_a_whole_run_with_all_of_them_passes(run):
    assert run(named=("test_s1_1_runs",)) == pytest.ExitCode.OK


@pytest.mark.parametrize("choice", [("test_seeds.py",), ("-k", "runs"), ("--deselect", "test_seeds.py::none")])
def test_a_part_of_the_tests_is_not_held_to_it(run, choice: tuple[str, ...]):
    assert run(*choice, named=("test_s1_3_is_nowhere",)) == pytest.ExitCode.OK


def test_a_test_that_is_named_with_its_file_is_that_one(run):
    assert run(named=("test_seeds.py::test_s1_1_runs",)) == pytest.ExitCode.OK
    assert run(named=("test_others.py::test_s1_1_runs",)) == pytest.ExitCode.TESTS_FAILED


def test_the_names_are_read_from_the_page():
    assert named_on("| S1.1 | x | `test_s1_1_a` |\n| S1.2 | y | *vem* | `test_other` |") == {"test_s1_1_a"}
    assert named_on("| A1 | x | `tests/a/test_b.py::test_c` | `tests/a/test_b.py` |") == {"tests/a/test_b.py::test_c"}
