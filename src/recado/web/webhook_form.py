"""The form of a webhook: what is typed, what it means, and how it stays when it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Form
from markupsafe import Markup
from starlette.responses import HTMLResponse

from recado.domain.errors import Invalid, RecadoError
from recado.domain.webhooks import Webhook, event_types

from .event_families import FAMILIES
from .forms import chosen_instance, trouble_of
from .keys import choices
from .page import Page

_FIELDS: Final = ("url", "events", "headers", "instance")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookForm:
    """`which` is `all` or `some`, and then `families` and `types`, names with blanks between, say of what.

    `headers` is a line each: name, colon, value. `id` and `is_fixed` (its address is set elsewhere) are of one that is
    being changed.
    """

    url: str = ""
    instance: str = ""
    which: str = "all"
    families: Sequence[str] = ("message",)
    types: str = ""
    headers: str = ""
    id: UUID | None = None
    is_fixed: bool = False
    known: Sequence[str] = tuple(FAMILIES)

    @property
    def instance_id(self) -> UUID | None:
        """Raises Invalid."""
        return chosen_instance(self.instance)

    def wishes(self) -> list[str] | None:
        """The types and families that were chosen, None for all. Raises Invalid."""
        if self.which != "some":
            return None
        chosen = [wish for family in self.families for wish in FAMILIES.get(family, ())]
        chosen += [wish for wish in self.types.replace(",", " ").split() if wish not in chosen]
        if not chosen:
            raise Invalid("no_event_types", "Choose at least one kind of event.", field="events")
        event_types(chosen)
        return chosen

    def own_headers(self) -> dict[str, str]:
        """Raises Invalid; what can be sent is checked where they are kept."""
        found: dict[str, str] = {}
        for line in filter(None, (line.strip() for line in self.headers.splitlines())):
            name, colon, value = (part.strip() for part in line.partition(":"))
            if not colon or not name:
                raise _wrong("line", "A header is a name, a colon and a value.", header=line[:60])
            if name.lower() in {known.lower() for known in found}:
                raise _wrong("twice", "The same header is given twice.")
            found[name] = value
        return found


async def typed(
    url: Annotated[str, Form()] = "",
    instance: Annotated[str, Form()] = "",
    which: Annotated[str, Form()] = "all",
    families: Annotated[list[str] | None, Form()] = None,
    types: Annotated[str, Form()] = "",
    headers: Annotated[str, Form()] = "",
) -> WebhookForm:
    return WebhookForm(
        url=url.strip(), instance=instance, which=which, families=families or (), types=types, headers=headers
    )


def form_of(webhook: Webhook) -> WebhookForm:
    """As it stands, to be changed."""
    wishes = list(webhook.events or ())
    families = [name for name, meant in FAMILIES.items() if set(meant) <= set(wishes)]
    of_families = {wish for name in families for wish in FAMILIES[name]}
    return WebhookForm(
        url=webhook.url,
        which="all" if webhook.events is None else "some",
        families=families,
        types=" ".join(wish for wish in wishes if wish not in of_families),
        headers="\n".join(f"{name}: {value}" for name, value in webhook.headers.items()),
        id=webhook.id,
        is_fixed=webhook.source == "instance_url",
    )


async def fields(page: Page, form: WebhookForm, error: RecadoError | None = None) -> Markup:
    """The form, with what is wrong in it if something is."""
    trouble = trouble_of(page.look, error, *_FIELDS) if error is not None else None
    instances = await choices(page) if form.id is None else ()
    return page.part("webhook_form", form=form, instances=instances, trouble=trouble, once=page.new_once())


async def again(page: Page, form: WebhookForm, error: RecadoError) -> HTMLResponse:
    return page.parts(await fields(page, form, error), status=error.status)


def _wrong(why: str, detail: str, **extra: Any) -> Invalid:
    return Invalid("wrong_header", detail, field="headers", why=why, **extra)
