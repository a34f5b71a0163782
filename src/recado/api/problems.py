"""Every error leaves as problem+json (RFC 9457): what is wrong, and in `hint` what to do."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from recado.domain.errors import RecadoError, TooMany, Unauthorized

log = structlog.get_logger(__name__)


class Problem(JSONResponse):
    """`{"type", "title", "status", "code", "detail", "hint", …}`."""

    media_type = "application/problem+json"


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
    return answer


_HTTP = {
    404: ("no_such_path", "There is nothing at this address.", "GET /docs lists all that there is."),
    405: ("method_not_allowed", "This address does not take that method.", "GET /docs lists all that there is."),
}


def install(app: FastAPI) -> None:
    """Teach the application to answer with problems only."""

    @app.exception_handler(RecadoError)
    async def ours(_: Request, error: RecadoError) -> Problem:
        return of(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Problem:
        return _invalid(error)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Problem:
        fallback = ("http_error", str(error.detail), "")
        answer = problem(error.status_code, *_HTTP.get(error.status_code, fallback))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Problem:
        log.error("api.error", path=request.url.path, exc_info=error)
        return problem(500, "internal", "Recado failed to answer; its log says why.", "Please report it with that log.")


def _invalid(error: RequestValidationError) -> Problem:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return problem(400, "broken_json", "The body is not JSON.", f"The parser stopped: {first['ctx']['error']}.")
    where = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
    field = ".".join(where) or str(first["loc"][0])
    return problem(
        422,
        "invalid_field",
        f"`{field}`: {first['msg']}.",
        "See the schema of this call in GET /docs.",
        field=field,
        errors=[{"field": ".".join(map(str, e["loc"][1:])), "detail": e["msg"]} for e in error.errors()],
    )
