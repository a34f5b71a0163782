"""A route of the pages: only for requests from our own pages, and what goes wrong is said as a page."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import quote, urlsplit

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from recado.domain.errors import Forbidden, RecadoError, Unauthorized

from .headers import is_partial
from .problem import no_such_page, problem_page

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

log = structlog.get_logger()


class PageRoute(APIRoute):
    """Use it as the `route_class` of every router of the pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                if request.method not in _SAFE and not _is_ours(request):
                    raise Forbidden("cross_site", "This request came from another site.")
                return await answer(request)
            except RecadoError as error:
                return _answer_to(error, request)
            except (RequestValidationError, HTTPException):
                return problem_page(request, no_such_page())
            except Exception:
                log.exception("page.failed", path=request.url.path)
                return problem_page(request, RecadoError("internal", "Recado failed to show this; its log says why."))

        return guarded


def _answer_to(error: RecadoError, request: Request) -> Response:
    if isinstance(error, Unauthorized) and request.method == "GET" and not _is_in_a_page(request):
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(target)}", status_code=303)
    return problem_page(request, error)


def _is_in_a_page(request: Request) -> bool:
    """Whether a page that is open asks, which has its own way to say that somebody is signed out."""
    return is_partial(request) or "text/event-stream" in request.headers.get("accept", "")


def _is_ours(request: Request) -> bool:
    """What a browser says of where a request comes from; pages elsewhere cannot forge either header."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
