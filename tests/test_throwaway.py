"""What ends with the run leaves nothing behind, and takes memory only where there is room."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests import throwaway


def test_a_directory_goes_when_it_is_left(tmp_path):
    with throwaway.directory(tmp_path) as directory:
        (directory / "file").touch()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next(tmp_path):
    left = tmp_path / "recado-tests-left"
    left.mkdir()
    with throwaway.directory(tmp_path) as directory:
        assert list(tmp_path.iterdir()) == [directory]


def test_what_another_run_holds_stays(tmp_path):
    with throwaway.directory(tmp_path) as theirs, throwaway.directory(tmp_path) as ours:
        assert set(tmp_path.iterdir()) == {theirs, ours}


def test_where_there_is_no_room_in_memory_the_disk_is_used(tmp_path):
    assert throwaway.place(tmp_path, room=1) == tmp_path
    assert throwaway.place(tmp_path, room=2**63) == Path(tempfile.gettempdir())
    assert throwaway.place(tmp_path / "not-there", room=1) == Path(tempfile.gettempdir())
