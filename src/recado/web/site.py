"""All routes of the pages, and what they share."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from . import (
    chat_panel,
    chats,
    events,
    home,
    instance,
    instance_acts,
    instances,
    keys,
    overview,
    pairing,
    preferences,
    sign_in,
    static,
    thread,
    webhook,
    webhook_replay,
    webhooks,
)
from .once import Once
from .problem import no_such_page, problem_page

ROUTERS: Final = (
    home.router,
    sign_in.router,
    preferences.router,
    static.router,
    instances.router,
    pairing.router,
    instance.router,
    instance_acts.router,
    chats.router,
    chat_panel.router,
    thread.router,
    keys.router,
    webhooks.router,
    webhook.router,
    webhook_replay.router,
    events.router,
    overview.router,
)


def install(app: FastAPI) -> None:
    """What the pages need of the application whose routes they are."""
    app.state.once = Once()
    _say_as_a_page(app)


def _say_as_a_page(app: FastAPI) -> None:
    """Who came by hand to an address that is nobody's gets a page; who asked as a program, what the API answers."""
    to_programs = app.exception_handlers[HTTPException]

    @app.exception_handler(404)
    async def nowhere(request: Request, error: HTTPException) -> Response:
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return problem_page(request, no_such_page())
        return await to_programs(request, error)  # type: ignore[no-any-return, misc]
