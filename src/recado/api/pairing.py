"""Pairing over HTTP: the QR in the form that is asked for, or a code to type into the phone."""

from __future__ import annotations

import io
from typing import Annotated, Final

import segno
from fastapi import APIRouter, Depends, Header, Response, status
from pydantic import Field

from recado.domain.errors import Conflict
from recado.domain.events import rfc3339
from recado.domain.instances import Instance

from . import shapes
from .context import Using, named
from .inputs import Body, Text

router = APIRouter(prefix="/v1/instances", tags=["pairing"])

_SCALE: Final = 8
_OFFERED: Final = ("application/json", "image/svg+xml", "image/png", "text/plain")


class PhoneToPair(Body):
    phone: Text = Field(description="The number of the phone, international", examples=["+5511999990000"])


@router.get(
    "/{name}/qr",
    summary="The code to scan, as json, svg, png or text by Accept",
    response_model=shapes.Pairing,
    responses={200: {"content": {media_type: {} for media_type in _OFFERED[1:]}}},
)
async def qr(
    instance: Annotated[Instance, Depends(named("instances:read"))],
    using: Using,
    accept: Annotated[str, Header(description="Which of the four forms")] = _OFFERED[0],
) -> Response:
    pairing = await using.instances.pairing(instance)
    if pairing.method != "qr":
        raise Conflict(
            "pairing_by_code",
            f"{instance.instance_name} is being paired by code, there is no QR.",
            hint="Restart the instance to get a QR.",
        )
    media_type = _best(accept)
    if media_type == "application/json":
        content: str | bytes = shapes.pairing(pairing).model_dump_json()
    elif media_type == "text/plain":
        content = pairing.code
    else:
        content = _picture(pairing.code, "svg" if media_type == "image/svg+xml" else "png")
    return Response(content, media_type=media_type, headers={"Expires-At": rfc3339(pairing.expires_at)})


@router.post("/{name}/pairing-code", status_code=status.HTTP_201_CREATED, summary="A code to type into the phone")
async def pairing_code(
    body: PhoneToPair, instance: Annotated[Instance, Depends(named("instances:write"))], using: Using
) -> shapes.Pairing:
    return shapes.pairing(await using.instances.pairing_code(instance, body.phone))


def _picture(code: str, kind: str) -> bytes:
    out = io.BytesIO()
    segno.make(code, error="l").save(out, kind=kind, scale=_SCALE)
    return out.getvalue()


def _best(accept: str) -> str:
    """The first of the wishes that is offered, JSON when there is none."""
    for wish in accept.lower().split(","):
        media_type = wish.split(";")[0].strip()
        if media_type in _OFFERED:
            return media_type
        if media_type == "image/*":
            return "image/svg+xml"
    return _OFFERED[0]
