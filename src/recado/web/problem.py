"""An error as a page, or as a notice in the page that is open: what happened, and what to do."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from recado.domain.errors import NotFound, RecadoError, Unauthorized

from .drawing import draw
from .headers import PAGE_HEADERS, is_partial
from .look import Look, look_of
from .words import ALL

_TAKEN: Final = frozenset({"key", "n", "language"})


def sentences(look: Look, error: RecadoError) -> tuple[str, str]:
    """What happened and what to do: in the page's language where the error's code is known to the pages.

    What the error carries besides fills the blanks; its `why` chooses between several sentences of one code.
    """
    key = f"problems.{error.code}"
    told = next((one for one in (f"{key}.{error.extra.get('why')}", key) if one in ALL), None)
    blanks: dict[str, Any] = {name: value for name, value in error.extra.items() if name not in _TAKEN}
    detail = look.t(told, **blanks) if told is not None else error.detail
    hint = look.t(f"{key}.hint", **blanks) if f"{key}.hint" in ALL else ("" if told is not None else error.hint)
    return detail, hint


def no_such_page() -> NotFound:
    """For an address where there is nothing, or nothing for whoever asks."""
    return NotFound("not_found", "There is no such page.")


def problem_page(request: Request, error: RecadoError) -> HTMLResponse:
    """A whole page; for htmx a notice, put where the open page keeps its notices, so that nothing in it is lost."""
    look = look_of(request)
    detail, hint = sentences(look, error)
    values = {"look": look, "t": look.t, "detail": detail, "hint": hint, "code": error.code}
    values |= {"is_signed_out": isinstance(error, Unauthorized)}
    if not is_partial(request):
        return HTMLResponse(draw("problem.html", **values), status_code=error.status, headers=PAGE_HEADERS)
    headers = {**PAGE_HEADERS, "HX-Retarget": "#notices", "HX-Reswap": "innerHTML"}
    return HTMLResponse(draw("parts/notice.html", **values), status_code=error.status, headers=headers)
