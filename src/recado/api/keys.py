"""API keys over HTTP: a secret is shown at creation only."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from pydantic import AwareDatetime, Field

from recado.domain.access import SCOPES, Access
from recado.services.access import find_instance

from . import shapes
from .context import Using, allowed
from .inputs import Body, Text

router = APIRouter(prefix="/v1/keys", tags=["keys"])

Admin = Annotated[Access, Depends(allowed("admin"))]
_SCOPES = "; ".join(f"`{scope}`: {meaning}" for scope, meaning in SCOPES.items())


class NewKey(Body):
    name: Text = Field(min_length=1, max_length=100, examples=["n8n"])
    scopes: list[Text] = Field(min_length=1, description=_SCOPES, examples=[["messages:send", "messages:read"]])
    instance: Text | None = Field(None, description="Bind it to one instance")
    expires_at: AwareDatetime | None = None


@router.post("", status_code=status.HTTP_201_CREATED, summary="Make a key; its secret is in this answer only")
async def create(body: NewKey, using: Using, access: Admin) -> shapes.KeyWithSecret:
    instance_id = None
    if body.instance is not None:
        async with using.database.transaction() as tx:
            instance_id = (await find_instance(tx, access, body.instance)).id
    key, secret = await using.keys.create(
        body.name, body.scopes, instance_id=instance_id, expires_at=body.expires_at, by=access
    )
    return shapes.KeyWithSecret(**dict(shapes.Key.model_validate(key)), secret=secret)


@router.get("", summary="List keys, without their secrets")
async def list_(using: Using, access: Admin) -> shapes.Page[shapes.Key]:
    keys = [shapes.Key.model_validate(key) for key in await using.keys.list(access)]
    return shapes.Page(items=keys, next=None)


@router.delete("/{key_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Revoke a key, at once")
async def revoke(key_id: UUID, using: Using, access: Admin) -> Response:
    await using.keys.revoke(key_id, access)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
