"""Whatever the OpenAPI document allows to be sent, and what it does not, is answered as it says and never by a 500."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.api.door import House
from tests.api.operations import ENDLESS, Operation, body_of, document, drawn, made_ready, operations

EXAMPLES = 10
SECONDS = 40.0
PROMISES = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ONCE = [*PROMISES, ignored_auth, unsupported_method]
DRAWN = [operation for operation in operations() if operation not in ENDLESS]


def test_only_what_has_no_end_is_left_out():
    endless = {
        (method.upper(), path)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
        if "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
    }
    assert set(ENDLESS) == endless


@pytest.mark.parametrize("operation", DRAWN, ids=" ".join)
async def test_it_succeeds_and_every_answer_is_one_that_the_document_names(house: House, operation: Operation):
    method, path = operation
    schema = drawn()
    schema.config.base_url = house.door.runtime.address
    asked = schema[path][method]
    known = await made_ready(house, operation)

    def succeed() -> None:
        body = body_of(operation)
        case = asked.Case(
            method=method,
            path_parameters=_known_of(asked.path_parameters, known),
            **({"body": body, "media_type": "application/json"} if body is not None else {}),
        )
        answer = case.call_and_validate(headers=house.door.headers, checks=ONCE, timeout=SECONDS)
        assert 200 <= answer.status_code < 300, answer.text

    @given(
        case=asked.as_strategy(GenerationMode.POSITIVE) | asked.as_strategy(GenerationMode.NEGATIVE),
        leads_somewhere=st.booleans(),
    )
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def draw(case: schemathesis.Case, leads_somewhere: bool) -> None:
        if leads_somewhere:
            _lead(case, known)
        case.call_and_validate(headers=house.door.headers, checks=PROMISES, timeout=SECONDS)

    await asyncio.to_thread(succeed)
    await asyncio.to_thread(draw)


def _known_of(parameters: Any, known: dict[str, str]) -> dict[str, str]:
    return {parameter.name: known[parameter.name] for parameter in parameters}


def _lead(case: schemathesis.Case, known: dict[str, str]) -> None:
    """Put what there is in place of what was drawn for it."""
    places = [case.path_parameters, case.query, case.body]
    for place in (place for place in places if isinstance(place, dict)):
        place |= {name: known[name] for name in place.keys() & known.keys()}
