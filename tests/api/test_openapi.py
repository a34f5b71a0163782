"""The OpenAPI document and the page that shows it: every operation is described, nothing is loaded from elsewhere."""

from __future__ import annotations

from recado.api.reference import page
from tests.api.door import Door
from tests.api.operations import document


def test_every_operation_says_what_it_does_and_how_it_refuses():
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert "application/problem+json" in operation["responses"]["default"]["content"], (method, path)


def test_every_operation_that_needs_a_key_says_so():
    free = {"/healthz", "/readyz", "/metrics"}
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            assert bool(operation.get("security")) is (path not in free), (method, path)


def test_the_document_is_openapi_3_1():
    assert document()["openapi"].startswith("3.1")


async def test_the_reference_page_lists_every_operation_and_loads_nothing(door: Door):
    answer = await door.with_key(None).get("/docs")
    text = answer.body.decode()
    for path, methods in document()["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in text
    assert "<script" not in text
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_what_a_document_says_cannot_break_out_of_the_page():
    operation = {"tags": ["<b>"], "summary": "<script>alert(1)</script>", "responses": {"200": {}}}
    text = page({"info": {"title": "<t>", "version": "1"}, "paths": {"/<x>": {"get": operation}}})
    assert "<script" not in text
    assert "<b>" not in text
