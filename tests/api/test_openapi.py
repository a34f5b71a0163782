"""The OpenAPI document: whatever it allows to be sent is answered as it says, and never by a server error."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from recado.api.context import Services
from recado.api.reference import page
from recado.app import create_app
from recado.settings import read_settings
from tests.api.door import Door, House

EXAMPLES = 5
PROMISES = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
    unsupported_method,
]
# One is endless when all is well, the others would take away what the tests after it need.
LEFT_OUT = {
    ("GET", "/v1/events"),
    ("DELETE", "/v1/instances/{name}"),
    ("DELETE", "/v1/keys/{key_id}"),
    ("DELETE", "/v1/webhooks/{webhook_id}"),
}


@functools.cache
def document() -> dict[str, Any]:
    return create_app(cast(Services, None), read_settings()).openapi()


@functools.cache
def drawn() -> schemathesis.schemas.BaseSchema:
    return schemathesis.openapi.from_dict(document())


OPERATIONS = [
    (method.upper(), path)
    for path, methods in document()["paths"].items()
    for method in methods
    if (method.upper(), path) not in LEFT_OUT
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.asyncio(loop_scope="module")
async def test_every_answer_is_one_that_the_document_names(house: House, method: str, path: str):
    schema = drawn()
    schema.config.base_url = house.door.runtime.address
    operation = schema[path][method]

    @given(case=operation.as_strategy(), leads_somewhere=st.booleans())
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case, leads_somewhere: bool) -> None:
        if leads_somewhere:
            case.path_parameters |= {name: house.known[name] for name in case.path_parameters}
        case.call_and_validate(headers=house.door.headers, checks=PROMISES)

    await asyncio.to_thread(ask)


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
