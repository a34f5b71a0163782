"""A stream of bytes becomes lines, wherever it is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recado.engines.lines import Lines


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=20), st.data())
def test_lines_come_out_whole_however_they_are_cut(lines, data):
    stream, reader, got = b"".join(line + b"\n" for line in lines), Lines(1000), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        got += reader.feed(stream[:size])
        stream = stream[size:]
    assert got == lines


def test_a_line_over_the_limit_is_cut_and_the_next_one_is_whole():
    reader = Lines(4)
    assert reader.feed(b"123") + reader.feed(b"456789") + reader.feed(b"0\nab\n") == [b"1234", b"ab"]
    assert reader.cut_count == 1


def test_a_line_of_exactly_the_limit_is_whole():
    reader = Lines(4)
    assert reader.feed(b"12") + reader.feed(b"34\n") == [b"1234"]
    assert reader.cut_count == 0


def test_what_came_after_the_last_newline_is_the_rest():
    reader = Lines(100)
    assert (reader.feed(b"a\nb"), reader.rest(), reader.rest()) == ([b"a"], b"b", b"")
