"""Profile pictures over HTTP, as images."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response, status

from recado.domain.instances import Instance
from recado.services.receiving.pictures import Image

from .context import Using, named
from .inputs import Text

router = APIRouter(prefix="/v1/instances/{name}", tags=["pictures"])

Readable = Annotated[Instance, Depends(named("messages:read"))]
IfNoneMatch = Annotated[Text | None, Header(description="The `ETag` of the picture that you have", max_length=1_000)]

_FOR_AN_HOUR: Final = "private, max-age=3600"
_AN_IMAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"image/jpeg": {}, "image/png": {}, "image/webp": {}}, "description": "The picture"},
    304: {"description": "You have it already"},
}


@router.get(
    "/contacts/{contact_id}/picture", summary="A person's picture", response_class=Response, responses=_AN_IMAGE
)
async def of_contact(instance: Readable, using: Using, contact_id: UUID, if_none_match: IfNoneMatch = None) -> Response:
    return _answer(await using.pictures.of_contact(instance, contact_id), if_none_match)


@router.get(
    "/chats/{chat_id}/picture",
    summary="A group's picture, or that of the person behind a chat",
    response_class=Response,
    responses=_AN_IMAGE,
)
async def of_chat(instance: Readable, using: Using, chat_id: UUID, if_none_match: IfNoneMatch = None) -> Response:
    return _answer(await using.pictures.of_chat(instance, chat_id), if_none_match)


def _answer(image: Image, known: str | None) -> Response:
    tag = f'"{hashlib.sha256(image.content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": _FOR_AN_HOUR}
    if known is not None and tag in (one.strip().removeprefix("W/") for one in known.split(",")):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(image.content, media_type=image.mime_type, headers=headers)
