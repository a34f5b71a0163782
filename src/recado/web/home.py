"""The start: the conversations once there are some to see, else the instances."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from .headers import PAGE_HEADERS
from .page import AnyPage
from .route import PageRoute

router = APIRouter(route_class=PageRoute)


@router.get("/")
async def home(page: AnyPage) -> RedirectResponse:
    found = await page.services.instances.list(page.access, limit=200)
    has_number = any(instance.phone_number for instance in found.items)
    target = "/chats" if has_number and page.access.may("messages:read") else "/instances"
    return RedirectResponse(target, status_code=303, headers={"Cache-Control": "no-store"})


@router.get("/alive")
async def alive(page: AnyPage) -> Response:
    """Asked by an open page that has lost its connection: 204 when it may go on, 401 when it has to sign in."""
    return Response(status_code=204, headers=PAGE_HEADERS)
