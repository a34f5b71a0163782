"""Webhooks over HTTP: create, change, see their attempts, replay, try."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response, status
from pydantic import AwareDatetime, Field

from recado.domain.access import Access
from recado.services.access import find_instance
from recado.services.delivery.replay import Wish

from . import shapes
from .context import Using, allowed
from .inputs import Body, Cursor, Limit, Text

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

_LAST: Final = 2**63
Allowed = Annotated[Access, Depends(allowed("webhooks"))]


class NewWebhook(Body):
    url: Text = Field(examples=["https://example.com/hook"])
    instance: Text | None = Field(None, description="Only events of this instance")
    events: list[Text] | None = Field(None, description="Only these types; all when absent", examples=[["message.*"]])
    headers: dict[Text, Text] = Field(default_factory=dict, description="Sent along with every delivery")


class Changes(Body):
    url: Text | None = None
    events: list[Text] | None = None
    headers: dict[Text, Text] | None = None
    state: Text | None = Field(None, description="`active`, `paused`, or `disabled`: the log waits no more")


class Replay(Body):
    """What to deliver again: one position, all that failed, all after a position, or what happened in a span."""

    position: int | None = Field(None, ge=1, lt=_LAST)
    failed: bool = False
    since: int | None = Field(None, ge=0, lt=_LAST, description="All after this position, in order")
    begin: AwareDatetime | None = Field(
        None, alias="from", description="All from this moment on, in order; with `until` the span alone, out of turn"
    )
    end: AwareDatetime | None = Field(None, alias="until")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Create a webhook; its secret is in this answer only")
async def create(body: NewWebhook, using: Using, access: Allowed) -> shapes.WebhookWithSecret:
    instance_id = access.instance_id
    if body.instance is not None:
        async with using.database.transaction() as tx:
            instance_id = (await find_instance(tx, access, body.instance)).id
    webhook, secret = await using.webhooks.create(
        access, url=body.url, instance_id=instance_id, events=body.events, headers=body.headers
    )
    return shapes.WebhookWithSecret(**dict(shapes.Webhook.model_validate(webhook)), secret=secret)


@router.get("", summary="List webhooks, with where each stands")
async def list_(using: Using, access: Allowed) -> shapes.Page[shapes.Webhook]:
    rows = [shapes.Webhook.model_validate(row) for row in await using.webhooks.list(access)]
    return shapes.Page(items=rows, next=None)


@router.get("/{webhook_id}", summary="One webhook, and how far behind the log it is")
async def show(webhook_id: UUID, using: Using, access: Allowed) -> shapes.Webhook:
    return shapes.Webhook.model_validate(await using.webhooks.get(access, webhook_id))


@router.patch("/{webhook_id}", summary="Change it, pause it, set it going again")
async def change(webhook_id: UUID, body: Changes, using: Using, access: Allowed) -> shapes.Webhook:
    changes = body.model_dump(exclude_unset=True)
    return shapes.Webhook.model_validate(await using.webhooks.update(access, webhook_id, changes))


@router.delete("/{webhook_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Remove it")
async def remove(webhook_id: UUID, using: Using, access: Allowed) -> Response:
    await using.webhooks.remove(access, webhook_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/{webhook_id}/secret", summary="Rotate the secret: shown once; the old one stays valid 24 h")
async def rotate(webhook_id: UUID, using: Using, access: Allowed) -> shapes.WebhookWithSecret:
    webhook, secret = await using.webhooks.rotate_secret(access, webhook_id)
    return shapes.WebhookWithSecret(**dict(shapes.Webhook.model_validate(webhook)), secret=secret)


@router.get("/{webhook_id}/attempts", summary="Its delivery attempts, newest first")
async def attempts(
    webhook_id: UUID,
    using: Using,
    access: Allowed,
    after: Cursor = None,
    limit: Limit = 50,
    position: Annotated[int | None, Query(ge=0, lt=_LAST, description="Only of the event with this `seq`")] = None,
    failed: Annotated[bool | None, Query(description="Only those that failed; or, when false, that did not")] = None,
) -> shapes.Page[shapes.Attempt]:
    rows = await using.webhooks.attempts(access, webhook_id, after=after, limit=limit, position=position, failed=failed)
    return shapes.page(rows, shapes.Attempt.model_validate)


@router.post("/{webhook_id}/replay", status_code=status.HTTP_202_ACCEPTED, summary="Deliver again")
async def replay(webhook_id: UUID, body: Replay, using: Using, access: Allowed) -> shapes.Replayed:
    wish = Wish(position=body.position, failed=body.failed, since=body.since, begin=body.begin, end=body.end)
    return shapes.Replayed(queued=await using.webhooks.replay(access, webhook_id, wish))


@router.post("/{webhook_id}/test", summary="Deliver a test event now and say what came back")
async def test(webhook_id: UUID, using: Using, access: Allowed) -> shapes.Attempt:
    return shapes.Attempt.model_validate(await using.webhooks.test(access, webhook_id))
