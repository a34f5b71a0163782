"""docs/engine-protocol.md and the tests of the real host are in step: what is promised is waited for, and no more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "engine-protocol.md").read_text("utf-8")
PROOFS = [
    *sorted(Path(__file__).parent.glob("test_whatsmeow_*.py")),
    *sorted(Path(__file__).parent.glob("contract*.py")),
]
ADAPTER = sorted((ROOT / "src" / "recado" / "engines").glob("whatsmeow*.py"))
OURS = {"host_up", "host_down"}  # what the adapter says of the host itself
NOT_THERE = {"no_such_method"}


def rows(begin: str, end: str) -> Iterator[list[str]]:
    """The cells of the table between these headings."""
    for line in PAGE.split(begin)[1].split(end)[0].splitlines():
        if line.startswith("| ") and not line.startswith(("| method", "| code", "| type")):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([\w-]+)`", cell)


CALLS = {name for cells in rows("## 3. Calls", "### Errors") for name in quoted(cells[0])}
EVENTS = {name for cells in rows("### Events", "### Signals") for name in quoted(cells[0])}
SIGNALS = {name for cells in rows("### Signals", "## 5.") for name in quoted(cells[0])}
[CAUSES] = [
    set(quoted(cells[1])) - {"cause", "error"} for cells in rows("### Signals", "## 5.") if cells[0] == "`closed`"
]


def errors() -> set[tuple[int, str]]:
    told = set()
    for codes, kinds, *_ in rows("### Errors", "## 4."):
        numbers, names = [int(code) for code in codes.split(", ")], quoted(kinds)
        told |= set(zip(numbers * (len(names) // len(numbers)), names, strict=True))
    return told


def nodes() -> Iterator[ast.AST]:
    for path in PROOFS:
        yield from ast.walk(ast.parse(path.read_text("utf-8")))


def named(*functions: str) -> set[str]:
    """The literal names with which these are called in the tests."""
    return {
        argument.value
        for node in nodes()
        if isinstance(node, ast.Call) and _name(node.func) in functions
        for argument in node.args
        if isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and not re.fullmatch(r"s\d", argument.value)
    }


def called() -> set[str]:
    """The calls that the tests make, by themselves or by the adapter's methods."""
    used = {node.func.attr for node in nodes() if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)}
    by_adapter = {
        call.args[0].value
        for path in ADAPTER
        for method in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(method, ast.AsyncFunctionDef) and method.name in used
        for call in ast.walk(method)
        if isinstance(call, ast.Call) and _name(call.func) == "ask" and isinstance(call.args[0], ast.Constant)
    }
    return by_adapter | named("ask", "refusal")


def refused() -> set[tuple[int, str]]:
    """Code and kind of every refusal that a test expects as (code, kind, retry)."""
    expected = set()
    for node in nodes():
        if isinstance(node, ast.Tuple) and len(node.elts) == 3:
            with_sign = [ast.unparse(one) for one in node.elts]
            if re.fullmatch(r"-32\d{3}", with_sign[0]):
                expected.add((int(with_sign[0]), ast.literal_eval(with_sign[1])))
    return expected


def causes() -> set[str]:
    """What `closed` is expected to say."""
    return {
        other.value
        for node in nodes()
        if isinstance(node, ast.Compare) and ast.unparse(node.left).endswith("data['cause']")
        for other in node.comparators
        if isinstance(other, ast.Constant)
    }


def _name(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


@pytest.mark.parametrize(
    ("promised", "proven"),
    [
        pytest.param(CALLS, called() - NOT_THERE, id="calls"),
        pytest.param(EVENTS, named("frame"), id="events"),
        pytest.param(SIGNALS, named("signalled", "next_signal") - OURS, id="signals"),
        pytest.param(CAUSES, causes(), id="causes of closed"),
        pytest.param(errors(), refused(), id="errors"),
    ],
)
def test_what_the_page_promises_is_what_the_tests_of_the_real_host_wait_for(promised: set, proven: set) -> None:
    assert promised
    assert proven == promised
