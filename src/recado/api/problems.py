"""Every error leaves as problem+json (RFC 9457): what is wrong, and in `hint` what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from recado.domain.errors import RecadoError, TooMany, Unauthorized, Unavailable
from recado.domain.texts import storable_json
from recado.store.errors import is_data_error

_READ_THE_LIST: Final = "GET /docs lists all that there is."
_RETRY_SECONDS: Final = 5
_PARAMETER: Final = re.compile(r"\{[^}]+\}")


class Problem(JSONResponse):
    """`{"type", "title", "status", "code", "detail", "hint", …}`."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(storable_json(content))


def problem(status: int, code: str, detail: str, hint: str = "", **extra: Any) -> Problem:
    body = {"type": f"urn:recado:problem:{code}", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    body |= {"detail": detail} | ({"hint": hint} if hint else {}) | extra
    return Problem(body, status_code=status)


def of(error: RecadoError) -> Problem:
    """The answer to one of our own errors."""
    answer = problem(error.status, error.code, error.detail, error.hint, **error.extra)
    if isinstance(error, Unauthorized):
        answer.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unavailable):
        answer.headers["Retry-After"] = str(_RETRY_SECONDS)
    return answer


def unexpected() -> Problem:
    return problem(500, "internal", "Recado failed to answer; its log says why.", "Please report it with that log.")


def install(app: FastAPI) -> None:
    """Teach the application to answer with problems only."""

    @app.exception_handler(RecadoError)
    async def ours(_: Request, error: RecadoError) -> Problem:
        return of(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Problem:
        return _invalid(error.errors(), request.headers.get("content-type", ""))

    @app.exception_handler(psycopg.Error)
    @app.exception_handler(UnicodeError)
    async def unfit(_: Request, error: Exception) -> Problem:
        if not is_data_error(error):
            raise error
        return problem(422, "unfit_value", "A value of this request is not one that a database can keep.")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Problem:
        answer = _http(error)
        answer.headers.update(error.headers or {})
        if error.status_code == 405:
            answer.headers["Allow"] = ", ".join(sorted(_methods(request))) or answer.headers.get("Allow", "GET")
        return answer


def _methods(request: Request) -> set[str]:
    """All that this address takes; the framework names those of one route only."""
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    meant = (
        methods for path, methods in paths.items() if re.fullmatch(_PARAMETER.sub("[^/]+", path), request.url.path)
    )
    return {method.upper() for methods in meant for method in methods}


def _http(error: HTTPException) -> Problem:
    match error.status_code:
        case 400:
            return problem(400, "broken_json", "The body is not JSON.", "Send UTF-8 JSON.")
        case 404:
            return problem(404, "no_such_path", "There is nothing at this address.", _READ_THE_LIST)
        case 405:
            return problem(405, "method_not_allowed", "This address does not take that method.", _READ_THE_LIST)
        case 413:
            return problem(413, "body_too_large", str(error.detail), "Send less in one request.")
        case status:
            return problem(status, "http_error", str(error.detail))


def _invalid(errors: Sequence[Any], content_type: str) -> Problem:
    first = errors[0]
    if first["type"] == "json_invalid":
        return problem(400, "broken_json", "The body is not JSON.", f"The parser stopped: {first['ctx']['error']}.")
    if tuple(first["loc"]) == ("body",) and first["type"] != "missing" and "json" not in content_type:
        return problem(415, "not_json", "The body is not marked as JSON.", "Send `Content-Type: application/json`.")
    field = _field(first["loc"])
    return problem(
        422,
        "invalid_field",
        f"`{field}`: {first['msg']}.",
        "The schema of this call is in GET /docs.",
        field=field,
        errors=[{"field": _field(error["loc"]), "detail": error["msg"]} for error in errors],
    )


def _field(location: Sequence[Any]) -> str:
    """The field's name in the request's own terms; `body` when it is the body as a whole."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])
