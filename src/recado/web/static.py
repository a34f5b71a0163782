"""The files that pages are made with. Their path carries a hash, so a browser asks for each of them once."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from recado.domain.errors import NotFound

from .drawing import assets
from .route import PageRoute

router = APIRouter(route_class=PageRoute)

_FOR_EVER: Final = "public, max-age=31536000, immutable"


@router.get("/static/{version}/{name}")
async def file(request: Request, version: str, name: str) -> Response:
    asset = assets().by_name.get(name)
    if asset is None:
        raise NotFound("not_found", "There is no such file.")
    is_current = version == assets().version
    headers = {"Cache-Control": _FOR_EVER if is_current else "no-store", "X-Content-Type-Options": "nosniff"}
    headers["Vary"] = "Accept-Encoding"
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.zipped, media_type=asset.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(asset.content, media_type=asset.media_type, headers=headers)
