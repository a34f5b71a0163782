"""What a message of any kind shows beside its text: a sign, a title, lines, choices, a small picture. Never nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from recado.domain.labels import FILES, KINDS
from recado.domain.media import Media, picture_of
from recado.domain.messages import Message
from recado.domain.summaries import summary

from .look import Look

Details = Mapping[str, Any]

LINES: Final = 12
LONGEST: Final = 300
_PICTURES: Final = frozenset({"image", "video", "gif", "note", "sticker"})
_PLAIN: Final = frozenset({"conversation", "extendedTextMessage"})
_MAP: Final = "https://www.openstreetmap.org/?mlat={0:.6f}&mlon={1:.6f}#map=16/{0:.6f}/{1:.6f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """`sign` is an emoji or empty; `has_picture`: a small one is kept, `is_large`: it is the message itself.

    `link` is where the title leads, an http(s) address or empty; `options` are what could be chosen.
    """

    sign: str = ""
    title: str = ""
    link: str = ""
    lines: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    has_picture: bool = False
    is_large: bool = False
    width: int = 0
    height: int = 0

    @property
    def ratio(self) -> str:
        """Of its picture, in one of a few shapes."""
        if not self.width or not self.height:
            return "wide"
        shape = self.width / self.height
        return "wide" if shape > 1.2 else "square" if shape > 0.85 else "tall"


def card_of(message: Message, look: Look) -> Card | None:
    """None when the text says it all."""
    details, file = message.details or {}, message.media
    if details.get("deleted") or message.kind == "stub":
        return None
    kind = details.get("of", message.kind)
    if file is not None and file.kind != "preview":
        return _file(message, file, look)
    part = _PARTS.get(kind) or _by_details(details)
    card = part(details, look) if part is not None else None
    if card is None and kind in _PLAIN:
        return None
    return _whole(card or Card(), message, kind, look)


def ad_of(details: Details, look: Look) -> str:
    """The advertisement that led here, in one line; empty when there was none."""
    ad = _group(details, "ad")
    title = _text(ad, "title") or _text(ad, "body") or _text(ad, "source_id")
    return look.t("chats.from_ad", title=title) if title else ""


def size(count: int | None, look: Look) -> str:
    """Of a file, in the unit that a person would take."""
    if not count or count < 0:
        return ""
    units = ("B", "KB", "MB", "GB", "TB")
    amount, unit = float(count), 0
    while amount >= 1000 and unit < len(units) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{look.number(round(amount, 1) if amount < 10 and unit else round(amount))} {units[unit]}"


def safe_link(url: object) -> str:
    """An address that may be clicked on: http or https with a host, else empty."""
    if not isinstance(url, str) or len(url) > 2_000 or any(sign.isspace() or not sign.isprintable() for sign in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


def _whole(card: Card, message: Message, kind: str, look: Look) -> Card:
    """With the sign and the name of its kind where it has none of its own, and with its small picture."""
    label = KINDS.get(kind)
    speaks = bool(card.options and message.text)
    title = card.title or ("" if speaks else label.said(look.language) if label else summary(message, look.language))
    return Card(
        sign=card.sign or (label.sign if label else ""),
        title=_cut(title),
        link=card.link,
        lines=tuple(_cut(line) for line in card.lines if line)[:LINES],
        options=tuple(_cut(option) for option in card.options if option)[:LINES],
        has_picture=message.media is not None and _is_seen(message.media),
    )


def _file(message: Message, file: Media, look: Look) -> Card:
    label, details = FILES.get(file.kind), message.details or {}
    pages = details.get("pages")
    once = details.get("is_view_once")
    told = [
        _duration(file.seconds),
        size(file.size_bytes, look),
        look.t("chats.pages", n=pages) if isinstance(pages, int) and pages > 0 else "",
        look.t("chats.view_once") if once else "",
    ]
    name = file.file_name if file.kind in ("document", "audio") else None
    return Card(
        sign=label.sign if label else "📎",
        title=_cut(name or (label.said(look.language) if label else file.kind)),
        lines=(" · ".join(filter(None, told)),) if any(told) else (),
        has_picture=_is_seen(file) and not once,
        is_large=file.kind in _PICTURES and _is_seen(file) and not once,
        width=file.width or 0,
        height=file.height or 0,
    )


def _is_seen(file: Media) -> bool:
    """Whether it has a small picture that a browser may be given."""
    return picture_of(file.thumbnail) is not None


def _by_details(details: Details) -> Callable[[Details, Look], Card | None] | None:
    """What the details are of, for kinds that have them in common."""
    return next((part for name, part in _BY_NAME.items() if isinstance(details.get(name), (Mapping, list))), None)


def _link(details: Details, look: Look) -> Card | None:
    link = _group(details, "link")
    url = safe_link(link.get("url"))
    title, description = _text(link, "title"), _text(link, "description")
    if not title and not description:
        return None
    host = urlsplit(url).hostname or "" if url else ""
    return Card(sign="🔗", title=title or host or description, link=url, lines=(description if title else "", host))


def _place(details: Details, look: Look) -> Card | None:
    place = _group(details, "location")
    latitude, longitude = place.get("latitude"), place.get("longitude")
    title = _text(place, "name") or look.t("chats.live_place" if place.get("is_live") else "chats.place")
    if not isinstance(latitude, (int, float)) or not isinstance(longitude, (int, float)):
        return Card(title=title, lines=(_text(place, "address"),))
    where = f"{latitude:.5f}, {longitude:.5f}"
    return Card(title=title, link=_MAP.format(latitude, longitude), lines=(_text(place, "address"), where))


def _people(details: Details, look: Look) -> Card | None:
    people = [one for one in details.get("contacts") or [] if isinstance(one, Mapping)]
    lines = []
    for one in people:
        numbers = [_text(number, "number") for number in one.get("numbers") or [] if isinstance(number, Mapping)]
        said = ", ".join(filter(None, [*numbers, _text(one, "organization")]))
        lines.append(said if len(people) == 1 else f"{_text(one, 'name')} {said}".strip())
    name = _text(people[0], "name") if len(people) == 1 else look.t("chats.contacts", len(people)) if people else ""
    return Card(title=name, lines=tuple(lines))


def _poll(details: Details, look: Look) -> Card | None:
    poll = _group(details, "poll")
    results = poll.get("results")
    if isinstance(results, list):
        options = tuple(_result(one) for one in results)
    else:
        options = tuple(_named(one, "text", "name") for one in poll.get("options") or [])
    most = poll.get("most_choices")
    hint = look.t("chats.poll_one") if most == 1 else look.t("chats.poll_many")
    return Card(title=_text(poll, "question"), lines=(hint,), options=options)


def _list(details: Details, look: Look) -> Card | None:
    menu = _group(details, "list")
    options = []
    for section in menu.get("sections") or []:
        if isinstance(section, Mapping):
            options += [_named(one, "text", "title") for one in section.get("options") or []]
    return Card(title=_text(menu, "title"), lines=(_text(menu, "footer"),), options=tuple(options))


def _choices(details: Details, look: Look) -> Card | None:
    choices = _group(details, "choices")
    lines = (_text(choices, "subtitle"), _text(choices, "footer"))
    buttons = tuple(_named(one, "text", "title") for one in choices.get("buttons") or [])
    cards = tuple(_named(one, "title", "text") for one in choices.get("cards") or [])
    return Card(title=_text(choices, "title"), lines=lines, options=buttons + cards)


def _chosen(details: Details, look: Look) -> Card | None:
    chosen = _group(details, "chosen")
    return Card(title=_text(chosen, "text"), lines=(_text(chosen, "description"),))


def _order(details: Details, look: Look) -> Card | None:
    order = _group(details, "order")
    items = order.get("items")
    count = look.t("chats.items", items) if isinstance(items, int) else ""
    return Card(title=_text(order, "title"), lines=(count, _money(order.get("total"))))


def _product(details: Details, look: Look) -> Card | None:
    product = _group(details, "product")
    lines = (_text(product, "description"), _money(product.get("price")))
    return Card(title=_text(product, "title"), link=safe_link(product.get("url")), lines=lines)


def _payment(details: Details, look: Look) -> Card | None:
    payment = _group(details, "payment")
    return Card(lines=(_money(payment), _text(payment, "note")))


def _event(details: Details, look: Look) -> Card | None:
    event = _group(details, "event")
    times = [_moment(event.get(name), look) for name in ("starts_at", "ends_at")]
    place = _text(_group(event, "location"), "name") or _text(event, "location")
    cancelled = look.t("chats.cancelled_event") if event.get("is_cancelled") else ""
    link = safe_link(event.get("link"))
    return Card(title=_text(event, "name"), link=link, lines=(" – ".join(filter(None, times)), place, cancelled))


def _call(details: Details, look: Look) -> Card | None:
    call = _group(details, "call")
    outcome = call.get("outcome")
    said = look.t(f"chats.call.{outcome}") if outcome in ("missed", "rejected") else ""
    kind = look.t("chats.call.video" if call.get("is_video") else "chats.call.voice")
    return Card(
        title=_text(call, "title") or kind,
        lines=(said, _duration(call.get("seconds")), _moment(call.get("starts_at"), look)),
    )


def _called(name: str, *fields: str) -> Callable[[Details, Look], Card | None]:
    """A thing with a name and no more than a few words to it."""

    def part(details: Details, look: Look) -> Card | None:
        thing = _group(details, name)
        told = [_text(thing, field) for field in ("name", "title", *fields)]
        first = next(filter(None, told), "")
        return Card(title=first, lines=tuple(one for one in told if one and one != first))

    return part


_BY_NAME: Final[dict[str, Callable[[Details, Look], Card | None]]] = {
    "link": _link,
    "location": _place,
    "contacts": _people,
    "poll": _poll,
    "list": _list,
    "choices": _choices,
    "chosen": _chosen,
    "order": _order,
    "product": _product,
    "payment": _payment,
    "event": _event,
    "call": _call,
    "group_invite": _called("group_invite"),
    "newsletter_invite": _called("newsletter_invite"),
    "sticker_pack": _called("sticker_pack", "publisher"),
    "music": _called("music", "author"),
    "template": _called("template"),
}
"""By the details that they read."""

_PARTS: Final[dict[str, Callable[[Details, Look], Card | None]]] = {"callLogMesssage": _call}
"""By kind, where the kind says what it is even without details."""


def _group(details: Details, name: str) -> Details:
    value = details.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(details: Details, name: str) -> str:
    value = details.get(name)
    return _cut(value) if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _named(one: object, *fields: str) -> str:
    if isinstance(one, Mapping):
        return next((_text(one, field) for field in fields if _text(one, field)), "")
    return one if isinstance(one, str) else ""


def _result(one: object) -> str:
    if not isinstance(one, Mapping):
        return ""
    votes = one.get("votes")
    return f"{_named(one, 'option', 'text', 'name')}: {votes}" if votes is not None else _named(one, "option", "text")


def _money(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{_text(value, 'currency')} {_text(value, 'amount')}".strip()
    return value if isinstance(value, str) else ""


def _duration(seconds: object) -> str:
    if not isinstance(seconds, int) or not 0 < seconds < 360_000:
        return ""
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def _moment(value: object, look: Look) -> str:
    try:
        return look.full(datetime.fromisoformat(value)) if isinstance(value, str) else ""
    except (ValueError, OverflowError):
        return ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
