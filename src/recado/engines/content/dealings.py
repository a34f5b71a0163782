"""Orders, products, payments, calls, events, and the few other things that people arrange with each other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from .files import preview
from .places import place
from .told import Reader, Told
from .values import count, flag, jid, moment, named, number, part, parts, said, text, texts, whole_text


def _money(thousandths: int | None, currency: str | None) -> dict[str, Any]:
    """An amount as text, so that no digit is lost."""
    if thousandths is None:
        return {}
    sign, digits = ("-" if thousandths < 0 else ""), abs(thousandths)
    fraction = f"{digits % 1000:03d}"
    shown = fraction[:2] if fraction.endswith("0") else fraction
    return said(amount=f"{sign}{digits // 1000}.{shown}", currency=currency)


def _sum(money: Mapping[str, Any]) -> dict[str, Any]:
    """A `Money` message: `value` in units of 1/`offset`."""
    value, offset = number(money, "value"), count(money, "offset") or 1
    return _money(None if value is None else value * 1000 // offset, text(money, "currencyCode", 8))


def _order(body: Mapping[str, Any]) -> Told:
    about = said(
        id=text(body, "orderID", 128),
        title=text(body, "orderTitle"),
        items=count(body, "itemCount"),
        status=text(body, "status", 32),
        total=_money(number(body, "totalAmount1000"), text(body, "totalCurrencyCode", 8)),
    )
    return Told(text=whole_text(body, "message"), details=named("order", about), media=preview(body, "thumbnail"))


def _product(body: Mapping[str, Any]) -> Told:
    product, catalog = part(body, "product"), part(body, "catalog")
    about = said(
        id=text(product, "productID", 128),
        title=text(product or catalog, "title"),
        description=text(product or catalog, "description"),
        price=_money(number(product, "priceAmount1000"), text(product, "currencyCode", 8)),
        reference=text(product, "retailerID", 256),
        url=text(product, "URL"),
        business=jid(body, "businessOwnerJID"),
    )
    picture = part(product, "productImage") or part(catalog, "catalogImage")
    return Told(text=whole_text(body, "body"), details=named("product", about), media=preview(picture))


def _payment(step: str, body: Mapping[str, Any]) -> Told:
    note = part(body, "noteMessage")
    written = whole_text(note, "conversation") or whole_text(part(note, "extendedTextMessage"), "text")
    amount = _sum(part(body, "amount") or part(body, "totalAmount"))
    amount = amount or _money(number(body, "amount1000"), text(body, "currencyCodeIso4217", 8))
    about = {"step": step} | amount | said(
        due_at=moment(body, "expiryTimestamp"), service=text(body, "serviceType", 16)
    )  # fmt: skip
    return Told(text=written or whole_text(body, "description") or whole_text(body, "note"), details={"payment": about})


def _call_log(body: Mapping[str, Any]) -> Told:
    about = said(
        is_video=flag(body, "isVideo"),
        outcome=_lower(body, "callOutcome"),
        seconds=count(body, "durationSecs"),
        participants=[who for one in parts(body, "participants") if (who := jid(one, "JID"))],
    )
    return Told(details={"call": about})


def _call(body: Mapping[str, Any]) -> Told:
    is_video = body.get("callType") == "VIDEO" or body.get("mediaType") == "VIDEO"
    about = said(
        is_video=is_video or None,
        title=text(body, "title"),
        starts_at=moment(body, "scheduledTimestampMS", per_second=1000),
    )
    return Told(text=whole_text(body, "caption"), details={"call": about})


def _event(body: Mapping[str, Any]) -> Told:
    about = said(
        name=text(body, "name") or text(body, "eventTitle"),
        starts_at=moment(body, "startTime"),
        ends_at=moment(body, "endTime"),
        location=place(part(body, "location")),
        link=text(body, "joinLink") or text(body, "callLink"),
        is_cancelled=flag(body, "isCanceled"),
        is_call=flag(body, "isScheduleCall"),
    )
    written = whole_text(body, "description") or whole_text(body, "caption")
    return Told(text=written, details={"event": about}, media=preview(body))


def _music(body: Mapping[str, Any]) -> Told:
    music = part(body, "embeddedMusic")
    return Told(details=named("music", said(title=text(music, "title"), author=text(music, "author"))))


def _written(body: Mapping[str, Any]) -> Told:
    return Told(text=whole_text(body, "text"))


def _rich(body: Mapping[str, Any]) -> Told:
    said_parts = [whole_text(one, "messageText") for one in parts(body, "submessages")]
    return Told(text="\n".join(filter(None, said_parts)) or None)


def _structured(body: Mapping[str, Any]) -> Told:
    about = said(name=text(body, "elementName", 256), values=texts(body, "params"))
    hydrated = part(body, "hydratedHsm", "hydratedTemplate")
    return Told(text=whole_text(hydrated, "hydratedContentText"), details=named("template", about))


def _history_share(body: Mapping[str, Any]) -> Told:
    about = said(messages=count(part(body, "messageHistoryMetadata"), "messageCount"))
    return Told(details=named("shared_history", about))


def _lower(body: Mapping[str, Any], name: str) -> str | None:
    value = text(body, name, 32)
    return value.lower() if value else None


READERS: Final[dict[str, Reader]] = {
    "orderMessage": _order,
    "productMessage": _product,
    "requestPaymentMessage": partial(_payment, "requested"),
    "sendPaymentMessage": partial(_payment, "sent"),
    "declinePaymentRequestMessage": partial(_payment, "declined"),
    "cancelPaymentRequestMessage": partial(_payment, "cancelled"),
    "paymentInviteMessage": partial(_payment, "invited"),
    "paymentReminderMessage": partial(_payment, "reminded"),
    "splitPaymentMessage": partial(_payment, "split"),
    "splitPaymentUpdateMessage": partial(_payment, "split"),
    "invoiceMessage": partial(_payment, "invoiced"),
    "callLogMesssage": _call_log,
    "call": _call,
    "bcallMessage": _call,
    "scheduledCallCreationMessage": _call,
    "eventMessage": _event,
    "eventInviteMessage": _event,
    "musicMessage": _music,
    "questionResponseMessage": _written,
    "statusQuestionAnswerMessage": _written,
    "statusQuotedMessage": _written,
    "richResponseMessage": _rich,
    "highlyStructuredMessage": _structured,
    "messageHistoryBundle": _history_share,
    "messageHistoryNotice": _history_share,
}
