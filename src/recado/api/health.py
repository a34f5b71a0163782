"""Is it alive, is it ready, and its figures."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from recado.telemetry import REGISTRY

from . import shapes
from .context import Using

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The process answers")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Database and engine answer; 503 says which does not, and why",
    responses={503: {"model": shapes.Readiness, "description": "Not ready"}},
)
async def readyz(using: Using, response: Response) -> shapes.Readiness:
    parts = await using.readiness.check()
    is_ready = all(part.is_ready for part in parts)
    response.status_code = 200 if is_ready else 503
    return shapes.Readiness(
        status="ready" if is_ready else "not_ready",
        parts={part.name: shapes.Part(ready=part.is_ready, detail=part.detail) for part in parts},
    )


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}}}},
)
async def metrics() -> Response:
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
