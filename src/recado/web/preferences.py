"""Language and appearance, kept in cookies."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse

from .look import COOKIES, LANGUAGES, THEMES
from .route import PageRoute

router = APIRouter(route_class=PageRoute)

_A_YEAR: Final = 365 * 24 * 3600


@router.post("/preferences")
async def choose(
    request: Request,
    language: Annotated[str | None, Form()] = None,
    theme: Annotated[str | None, Form()] = None,
) -> RedirectResponse:
    """What is not known is ignored; back to the page that was open."""
    back = RedirectResponse(own_path(request.headers.get("referer", "/")), status_code=303)
    chosen = {"language": (language, LANGUAGES), "theme": (theme, THEMES)}
    for name, (value, known) in chosen.items():
        if value is not None and value in known:
            back.set_cookie(COOKIES[name], value, max_age=_A_YEAR, samesite="lax", httponly=True)
    return back


def own_path(target: str) -> str:
    """The path and query of an address, never another site's: `/` when it is not one of ours."""
    parts = urlsplit(target)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
