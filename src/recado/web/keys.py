"""The keys: what each may do, who uses it still, a new one whose secret is shown once, and none any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from recado.domain.access import SCOPES
from recado.domain.errors import Invalid, RecadoError, Unauthorized
from recado.domain.instances import Instance
from recado.services.access import ENVIRONMENT_NAME

from .forms import Trouble, chosen_instance, moment_of, trouble_of
from .page import Page, section
from .route import PageRoute

router = APIRouter(route_class=PageRoute)

InSection = Annotated[Page, Depends(section("keys", "admin"))]
SHOWN: Final = 100
CHOICES: Final = 500
_DAYS: Final = (7, 30, 90, 365)
_FIELDS: Final = ("name", "scopes", "instance", "expires_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyForm:
    """What is typed: `expires` is empty (never), a number of days, or `date`, and then `until` says which."""

    name: str = ""
    scopes: Sequence[str] = ("messages:read", "messages:send")
    instance: str = ""
    expires: str = ""
    until: str = ""
    known: Sequence[str] = tuple(SCOPES)
    choices: Sequence[int] = _DAYS

    @property
    def instance_id(self) -> UUID | None:
        """Raises Invalid."""
        return chosen_instance(self.instance)

    def end(self, page: Page) -> datetime | None:
        """Raises Invalid."""
        if not self.expires:
            return None
        if self.expires.isdecimal() and int(self.expires) in _DAYS:
            return page.now() + timedelta(days=int(self.expires))
        day = moment_of(self.until, page.look.zone)
        if day is None:
            raise Invalid("wrong_date", "Choose the day on which the key ends.", field="expires_at")
        return day + timedelta(days=1)


@router.get("/keys")
async def show(page: InSection, after: UUID | None = None) -> HTMLResponse:
    found = await page.services.keys.list(page.access, after=after, limit=SHOWN + 1)
    return page.show(
        "keys.html",
        keys=found[:SHOWN],
        next=found[SHOWN - 1].id if len(found) > SHOWN else None,
        now=page.now(),
        form=KeyForm(),
        instances=await choices(page),
        once=page.new_once(),
    )


@router.post("/keys")
async def create(
    page: InSection,
    name: Annotated[str, Form()] = "",
    scopes: Annotated[list[str] | None, Form()] = None,
    instance: Annotated[str, Form()] = "",
    expires: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
    once: Annotated[str, Form()] = "",
) -> HTMLResponse:
    form = KeyForm(name=name, scopes=scopes or (), instance=instance, expires=expires, until=until)
    try:
        with page.once.first(once):
            key, secret = await page.services.keys.create(
                form.name, form.scopes, instance_id=form.instance_id, expires_at=form.end(page), by=page.access
            )
    except Unauthorized:
        raise
    except RecadoError as error:
        return await _again(page, form, trouble_of(page.look, error, *_FIELDS))
    dialog = page.part("new_key", form=KeyForm(), instances=await choices(page), trouble=None, claim=page.new_once())
    made = page.part("made_key", key=key, value=secret)
    return page.parts(dialog, made, await _list(page), HX_Retarget="#new-key", HX_Reswap="outerHTML")


@router.get("/keys/{key_id}/revoke")
async def ask(page: InSection, key_id: UUID) -> HTMLResponse:
    """What it means to revoke that key."""
    key = await page.services.keys.get(key_id, page.access)
    is_last = await page.services.keys.is_last_admin(key)
    is_environment = key.name == ENVIRONMENT_NAME
    return page.parts(page.part("revoke_key", key=key, is_last=is_last, is_environment=is_environment))


@router.post("/keys/{key_id}/revoke")
async def revoke(page: InSection, key_id: UUID) -> Response:
    await page.services.keys.revoke(key_id, page.access)
    return RedirectResponse("/sign-in" if key_id == page.access.key_id else "/keys", status_code=303)


async def choices(page: Page) -> Sequence[Instance]:
    """The instances that something can be bound to."""
    if page.access.instance_id is not None:
        return ()
    return await page.services.inbox.choices(page.access, limit=CHOICES)


async def _list(page: Page) -> Markup:
    found = await page.services.keys.list(page.access, limit=SHOWN + 1)
    after = found[SHOWN - 1].id if len(found) > SHOWN else None
    return page.part("key_list", keys=found[:SHOWN], next=after, now=page.now(), is_swap=True)


async def _again(page: Page, form: KeyForm, trouble: Trouble) -> HTMLResponse:
    drawn = page.part("new_key_form", form=form, instances=await choices(page), trouble=trouble, claim=page.new_once())
    return page.parts(drawn, status=trouble.status)
