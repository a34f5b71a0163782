"""The OpenAPI document as one plain page for people: no script, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
code { font-family: ui-monospace, monospace; font-size: 0.9em }
h3 { margin: 2.5rem 0 0; border-top: 1px solid #8884; padding-top: 1rem; font-size: 1rem }
dt { font-weight: 600 } dd { margin: 0 0 0.3rem 1.5rem } p { margin: 0.3rem 0 }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } a { color: #8bf } }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"


@router.get("/docs")
async def reference(request: Request) -> HTMLResponse:
    return HTMLResponse(page(request.app.openapi()), headers={"Content-Security-Policy": _POLICY})


def page(document: dict[str, Any]) -> str:
    """Every operation under its tag: what it does, what it takes, what it answers."""
    info = document["info"]
    parts = [f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>", _paragraph(info.get("description", ""))]
    parts += ['<p>For programs: <a href="/openapi.json">openapi.json</a></p>']
    for tag, operations in groupby(_operations(document), key=lambda found: found[0]):
        parts += [f"<h2>{escape(tag)}</h2>"]
        for _, method, path, operation in operations:
            parts += _operation(document, method, path, operation)
    head = f'<meta charset="utf-8"><title>{escape(info["title"])}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'


def _operations(document: dict[str, Any]) -> list[tuple[str, str, str, dict[str, Any]]]:
    found = [
        (operation["tags"][0], method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    order = list(dict.fromkeys(tag for tag, *_ in found))
    return sorted(found, key=lambda one: order.index(one[0]))


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<h3><code>{method.upper()} {escape(path)}</code></h3>{_paragraph(operation.get('summary', ''))}"
    fields = [
        (parameter["name"], f"{parameter['in']}, {_kind(parameter['schema'])}", parameter)
        for parameter in operation.get("parameters", ())
    ]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(document, content["schema"])
        required = schema.get("required", ())
        fields += [
            (name, f"body, {_kind(each)}" + (", required" if name in required else ""), each)
            for name, each in schema.get("properties", {}).items()
        ]
    if fields:
        yield "<dl>" + "".join(_field(*field) for field in fields) + "</dl>"
    yield _paragraph("Answers: " + "; ".join(_answer(status, each) for status, each in operation["responses"].items()))


def _field(name: str, kind: str, described: dict[str, Any]) -> str:
    text = described.get("description", "")
    return f"<dt><code>{escape(name)}</code></dt><dd>{escape(kind)}{': ' if text else ''}{escape(text)}</dd>"


def _answer(status: str, answer: dict[str, Any]) -> str:
    schemas = [content.get("schema", {}) for content in answer.get("content", {}).values()]
    names = [schema["$ref"].rpartition("/")[2] for schema in schemas if "$ref" in schema]
    shown = "anything else" if status == "default" else status
    return f"{shown} {names[0]}" if names else shown


def _kind(schema: dict[str, Any]) -> str:
    options = schema.get("anyOf", [schema])
    return " or ".join(str(option.get("format") or option.get("type") or "value") for option in options)


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""
