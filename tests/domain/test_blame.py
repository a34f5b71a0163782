"""Who brings the engine down is found, and nobody else is taken for it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from recado.domain.blame import Blame
from tests.domain.observing import NOW, SECOND

MINUTE = timedelta(minutes=1)


def test_one_crash_convicts_nobody() -> None:
    assert Blame().crashed({"a"}, NOW) is None


def test_whoever_alone_was_suspected_twice_is_guilty() -> None:
    blame = Blame()
    blame.crashed({"a", "b"}, NOW)

    assert blame.crashed({"b", "c"}, NOW + MINUTE) == "b"


def test_two_crashes_that_are_far_apart_say_nothing() -> None:
    blame = Blame()
    blame.crashed({"a"}, NOW)

    assert blame.crashed({"a"}, NOW + timedelta(minutes=11)) is None


def test_several_suspects_are_tried_one_by_one() -> None:
    blame = Blame()
    blame.crashed({"a", "b", "c", "d"}, NOW)
    assert blame.crashed({"a", "b", "c"}, NOW + SECOND) is None
    assert [one for one in "abcd" if blame.holds_back(one)] == ["a", "b", "c"]

    assert blame.next_to_try() == "a"
    blame.acquit("a")
    assert blame.next_to_try() == "b"
    assert blame.crashed({"b"}, NOW + 2 * SECOND) == "b"
    assert blame.next_to_try() == "c"
    blame.acquit("c")
    assert blame.next_to_try() is None


def test_one_that_is_tried_while_another_brings_it_down_goes_free() -> None:
    blame = Blame()
    blame.crashed({"a", "b"}, NOW)
    blame.crashed({"a", "b"}, NOW + SECOND)
    assert blame.next_to_try() == "a"

    assert blame.crashed({"x"}, NOW + 2 * SECOND) is None
    assert not blame.holds_back("a")


def test_one_that_was_guilty_and_is_started_again_needs_no_second_crash() -> None:
    blame = Blame()
    blame.crashed({"a"}, NOW)
    assert blame.crashed({"a"}, NOW + MINUTE) == "a"

    assert blame.crashed({"a", "b"}, NOW + 30 * MINUTE) == "a"
    assert blame.crashed({"a", "b"}, NOW + 91 * MINUTE) is None


@given(st.integers(0, 29), st.sets(st.integers(0, 29)), st.sets(st.integers(0, 29)))
def test_the_guilty_one_is_found_with_three_crashes_and_no_innocent_with_it(
    guilty: int, once: set[int], again: set[int]
) -> None:
    blame, culprit, convicted = Blame(), str(guilty), []
    for crash, others in enumerate((once, again)):
        found = blame.crashed({culprit, *map(str, others)}, NOW + crash * SECOND)
        convicted += [found] if found else []
    while (tried := blame.next_to_try()) is not None:
        if tried == culprit:
            convicted.append(blame.crashed({tried}, NOW + 3 * SECOND))
        else:
            blame.acquit(tried)

    assert convicted == [culprit]
