"""What every page needs: the services, who is signed in, how it looks, and the drawing of templates with all that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final, cast
from uuid import UUID

from fastapi import Depends, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse

from recado.domain.access import Access
from recado.domain.errors import Unauthorized
from recado.domain.instances import Instance
from recado.services.access import get_instance, require
from recado.services.all import Services

from .drawing import draw
from .headers import PAGE_HEADERS, is_partial
from .look import Look, look_of
from .once import Once

COOKIE: Final = "recado_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page for somebody. `section` is the entry of the menu that it belongs to."""

    request: Request
    services: Services
    access: Access
    look: Look
    once: Once
    section: str = ""

    @property
    def is_partial(self) -> bool:
        """Whether htmx asks for a part of the page that is open."""
        return is_partial(self.request)

    def t(self, key: str, n: int | None = None, **given: Any) -> str:
        return self.look.t(key, n, **given)

    def now(self) -> datetime:
        return self.services.clock.now()

    def new_once(self) -> UUID:
        """For the hidden field `once` of a form that must not be carried out twice."""
        return self.services.clock.new_id()

    async def head(self) -> int:
        """The log's end: read it before what the page shows, and live updates go on from there."""
        return await self.services.streams.head()

    async def instance(self, id: UUID, scope: str = "instances:read") -> Instance:
        """The instance of that id. Raises Forbidden without the scope, NotFound when there is none to be seen."""
        require(self.access, scope)
        async with self.services.database.glance() as tx:
            return await get_instance(tx, self.access, id)

    def part(self, name: str, **values: Any) -> Markup:
        """`templates/parts/<name>.html`, the same for the first page and for a live update."""
        return draw(f"parts/{name}.html", **self._given(), **values)

    def show(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page."""
        content = draw(template, **self._given(), **values)
        return HTMLResponse(content, status_code=status, headers=PAGE_HEADERS)

    def parts(self, *drawn: Markup, status: int = 200, **headers: str) -> HTMLResponse:
        """An answer to htmx; `HX_Trigger="…"` and the like become headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return HTMLResponse(Markup("\n").join(drawn), status_code=status, headers=PAGE_HEADERS | named)

    def _given(self) -> dict[str, Any]:
        return {"page": self, "look": self.look, "t": self.look.t, "part": self.part, "access": self.access}


async def _page(request: Request) -> Page:
    token = request.cookies.get(COOKIE)
    if not token:
        raise Unauthorized("signed_out", "You are signed out.", hint="Sign in.")
    services = cast(Services, request.app.state.services)
    access = await services.sign_ins.authenticate(token)
    return Page(
        request=request,
        services=services,
        access=access,
        look=look_of(request),
        once=cast(Once, request.app.state.once),
    )


@dataclass(frozen=True, slots=True)
class section:  # reads as what it is where it stands: Depends(section("keys", "admin"))
    """A dependency: the page of somebody who is signed in, in that section, if the key has that scope."""

    name: str
    scope: str

    async def __call__(self, page: Annotated[Page, Depends(_page)]) -> Page:
        require(page.access, self.scope)
        return replace(page, section=self.name)


AnyPage = Annotated[Page, Depends(_page)]
