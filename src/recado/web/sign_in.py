"""The way in: with a key, or with a link that works once; and the way out."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from recado.domain.errors import Unauthorized
from recado.domain.events import rfc3339
from recado.domain.web import AT_MOST
from recado.services.all import Services

from .drawing import draw
from .headers import PAGE_HEADERS
from .look import look_of
from .page import COOKIE
from .preferences import own_path
from .problem import no_such_page, sentences
from .route import PageRoute

router = APIRouter(route_class=PageRoute)


@router.get("/sign-in")
async def form(request: Request, next: str = "/") -> HTMLResponse:
    return _form(request, next)


@router.post("/sign-in")
async def sign_in(request: Request, key: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/") -> Response:
    services = _services(request)
    try:
        token = await services.sign_ins.with_key(key.strip())
    except Unauthorized as error:
        return _form(request, next, error)
    return _signed_in(request, token, next)


@router.get("/link")
async def link(request: Request, secret: str = "") -> Response:
    """Signs in once. A browser that only looks ahead does not use it up."""
    if "prefetch" in request.headers.get("sec-purpose", ""):
        return Response(status_code=204)
    try:
        token = await _services(request).sign_ins.with_link(secret)
    except Unauthorized as error:
        return _form(request, "/", error)
    return _signed_in(request, token, "/")


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    token = request.cookies.get(COOKIE)
    if token:
        await _services(request).sign_ins.sign_out(token)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/sign-in/link")
async def new_link(request: Request) -> Response:
    """For `recado open`: only over the socket of the machine's owner."""
    if not request.scope.get("recado.is_local"):
        raise no_such_page()
    secret, expires_at = await _services(request).sign_ins.link()
    url = f"{request.app.state.address}/link?secret={secret}"
    return JSONResponse({"url": url, "expires_at": rfc3339(expires_at)}, headers=PAGE_HEADERS)


def _services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


def _form(request: Request, next: str, error: Unauthorized | None = None) -> HTMLResponse:
    look = look_of(request)
    said = sentences(look, error) if error is not None else None
    values = {"look": look, "t": look.t, "next": own_path(next), "problem": said, "page": None}
    status = error.status if error is not None else 200
    return HTMLResponse(draw("sign_in.html", **values), status_code=status, headers=PAGE_HEADERS)


def _signed_in(request: Request, token: str, next: str) -> Response:
    answer = RedirectResponse(own_path(next), status_code=303, headers={"Cache-Control": "no-store"})
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(AT_MOST.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=_is_encrypted(request),
    )
    return answer


def _is_encrypted(request: Request) -> bool:
    """Also behind a proxy that speaks HTTPS to the browser; to claim it falsely only makes the cookie stricter."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))
