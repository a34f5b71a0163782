"""Writes the pages of docs/ that are drawn from the code: `python -m scripts.pages`. A test keeps them current."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID

from prometheus_client import Metric

from recado.cli.commands import app
from recado.domain import errors, picture
from recado.domain.events import EVENT_TYPES, LoggedEvent, envelope
from recado.domain.failures import FAILURES
from recado.telemetry import REGISTRY
from scripts.examples import DATA, NOW

ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = ROOT / "src" / "recado"

EVENTS_HEAD: Final = """\
# Events

All that Recado can tell, in one shape on every way out: webhook body, WebSocket frame, `data:` of a server-sent event.
`seq` is the position in the one log: it only grows, a stream resumes behind it (`?after=`, `Last-Event-ID`), and a
webhook can get the same event twice, with the same `id`. `instance` is the instance's name, null when there is none.
Everybody who is named has `phone_number` and `lid`, each null while it is not known.

Drawn from `src/recado/domain/events.py` by `python -m scripts.pages`.
"""
ERRORS_HEAD: Final = """\
# Errors

Every refusal of the API is `application/problem+json` (RFC 9457):

```json
{"type": "urn:recado:problem:unknown_instance", "title": "Not Found", "status": 404, "code": "unknown_instance",
 "detail": "There is no instance named 'loja'.", "hint": "GET /v1/instances lists those that this key may see."}
```

`code` is stable and meant for programs, `detail` says what happened, `hint` what to do; `field` names the wrong field.
The command line says the same two sentences and ends with 2. `start` are those with which Recado does not start,
`stream` those with which it ends an event stream.

Drawn from the sources by `python -m scripts.pages`; `{…}` stands for a value.

| code | status | what it says | what to do |
|---|---|---|---|
"""

FAILURES_HEAD: Final = """
## Why a message fails

A message that was accepted and then given up is `failed`, with `error.code`:

| code | what it means | what to do |
|---|---|---|
"""

METRICS_HEAD: Final = """\
# Metrics

`GET /metrics` in Prometheus' text form, without a key: no figure carries a name or a number of anybody. Beside these
come the usual ones of the process (`process_…`, `python_…`).

Drawn from `src/recado/telemetry.py` by `python -m scripts.pages`.

| metric | type | what it counts |
|---|---|---|
"""
COMMANDS_HEAD: Final = """\
# Commands

They speak HTTP: to `RECADO_URL` with `RECADO_API_KEY` when these are set, else to the Recado of this machine over the
socket in its data directory (`RECADO_DATA_DIR`), which only its owner can open. `db` and `doctor` go to the database.
A failure is one sentence on stderr and exit code 2.

Drawn from `src/recado/cli/` by `python -m scripts.pages`.

"""


def events_page() -> str:
    return "\n".join([EVENTS_HEAD, *(_event(type, meaning) for type, meaning in EVENT_TYPES.items())])


def _event(type: str, meaning: str) -> str:
    event = LoggedEvent(
        id=UUID("01936000-0000-7000-8000-000000000009"),
        type=type,
        time=NOW,
        instance_id=None,
        instance_name=None if type in ("database.blocked", "webhook.disabled") else "loja",
        data=DATA[type],
        position=1234,
    )
    shown = json.dumps(envelope(event), ensure_ascii=False, indent=2)
    return f"## `{type}`\n\n{meaning[0].upper()}{meaning[1:]}.\n\n```json\n{shown}\n```\n"


def errors_page() -> str:
    rows: dict[str, str] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        for code, status, detail, hint in _errors(ast.parse(path.read_text("utf-8"))):
            rows.setdefault(code, f"| `{code}` | {status} | {_cell(detail)} | {_cell(hint)} |")
    refusals = "\n".join(rows[code] for code in sorted(rows)) + "\n"
    return ERRORS_HEAD + refusals + FAILURES_HEAD + "".join(map(_failure, FAILURES))


def _failure(code: str) -> str:
    failure = FAILURES[code]
    doubt = " It may have arrived all the same." if failure.is_sent else ""
    return f"| `{code}` | {_cell(failure.meaning + doubt)} | {_cell(failure.advice)} |\n"


def _errors(tree: ast.AST) -> Iterator[tuple[str, str, str, str]]:
    """Code, status, sentence and hint of every error that is made with a literal code."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        kind = getattr(errors, name, None)
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        if name == "Finding" and isinstance(named["code"], ast.Constant):
            yield _text(named["code"]), "start", _text(named["sentence"]), _text(named["hint"])
        elif name == "problem" and len(call.args) >= 3 and isinstance(call.args[1], ast.Constant):
            yield _text(call.args[1]), _text(call.args[0]), _text(call.args[2]), _text(call.args[3:4])
        elif isinstance(call.func, ast.Attribute) and call.func.attr == "drop" and _is_literal(call):
            yield _text(call.args[0]), "stream", _text(call.args[1]), "Connect again behind the last `seq` you have."
        elif isinstance(kind, type) and _is_literal(call):
            status = "start" if kind is errors.Misconfigured else str(kind.status)
            yield _text(call.args[0]), status, _text(call.args[1:2]), _text(named.get("hint"))


def _is_literal(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant)


def _text(node: Any) -> str:
    """A literal as it reads; what is filled in is `{…}`."""
    match node:
        case list():
            return _text(node[0]) if node else ""
        case ast.Constant():
            return str(node.value)
        case ast.JoinedStr():
            return "".join("{…}" if isinstance(part, ast.FormattedValue) else _text(part) for part in node.values)
        case ast.BinOp():
            return _text(node.left) + _text(node.right)
        case None:
            return ""
        case _:
            return "{…}"


def metrics_page() -> str:
    return METRICS_HEAD + "".join(
        f"| `{_sample(metric)}` | {metric.type} | {metric.documentation} |\n"
        for metric in REGISTRY.collect()
        if metric.name.startswith("recado_")
    )


def _sample(metric: Metric) -> str:
    return metric.name + ("_total" if metric.type == "counter" else "")


def commands_page() -> str:
    # The names of commands begin with that of the program which runs, and that is another one here.
    with patch.object(sys, "argv", ["recado"]):
        return COMMANDS_HEAD + app.generate_docs(recursive=True, heading_level=2, include_hidden=False).strip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PAGES: Final = {
    "docs/events.md": events_page,
    "docs/errors.md": errors_page,
    "docs/metrics.md": metrics_page,
    "docs/commands.md": commands_page,
    "docs/states.md": picture.page,
}

if __name__ == "__main__":
    for name, draw in PAGES.items():
        (ROOT / name).write_text(draw(), "utf-8")
