"""Pairing over HTTP: the QR in the form that is asked for, or a code to type into the phone."""

from __future__ import annotations

import io
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Header, Response, status
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from recado.domain.errors import Conflict
from recado.domain.instances import Instance

from . import shapes
from .context import Using, named

router = APIRouter(prefix="/v1/instances", tags=["pairing"])

_SCALE = 8


class PhoneToPair(BaseModel):
    model_config = ConfigDict(extra="forbid")

    phone: str = Field(description="The number of the phone, international", examples=["+5511999990000"], max_length=40)


@router.get(
    "/{name}/qr",
    summary="The code to scan, as json, svg, png or text by Accept",
    responses={200: {"content": {"image/svg+xml": {}, "image/png": {}, "text/plain": {}}}},
)
async def qr(
    instance: Annotated[Instance, Depends(named("instances:read"))],
    using: Using,
    accept: Annotated[str, Header()] = "application/json",
) -> Response:
    pairing = await using.instances.pairing(instance)
    if pairing.method != "qr":
        raise Conflict(
            "pairing_by_code",
            f"{instance.instance_name} is being paired by code, there is no QR.",
            hint="Restart the instance to get a QR.",
        )
    headers = {"Cache-Control": "no-store", "Expires-At": shapes.time(pairing.expires_at) or ""}
    media_type = _best(accept)
    if media_type == "application/json":
        return JSONResponse(shapes.pairing(pairing), headers=headers)
    if media_type == "text/plain":
        return Response(pairing.code, media_type="text/plain", headers=headers)
    picture = io.BytesIO()
    kind = "svg" if media_type == "image/svg+xml" else "png"
    segno.make(pairing.code, error="l").save(picture, kind=kind, scale=_SCALE)
    return Response(picture.getvalue(), media_type=media_type, headers=headers)


@router.post("/{name}/pairing-code", status_code=status.HTTP_201_CREATED, summary="A code to type into the phone")
async def pairing_code(
    body: PhoneToPair, instance: Annotated[Instance, Depends(named("instances:write"))], using: Using
) -> dict[str, Any]:
    return shapes.pairing(await using.instances.pairing_code(instance, body.phone))


_OFFERED = ("application/json", "image/svg+xml", "image/png", "text/plain")


def _best(accept: str) -> str:
    for wish in accept.lower().split(","):
        media_type = wish.split(";")[0].strip()
        if media_type in _OFFERED:
            return media_type
        if media_type == "image/*":
            return "image/svg+xml"
    return "application/json"
