"""Messages with something to choose from (lists, buttons, templates, polls), and what was chosen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from .files import inner_file
from .told import Reader, Told
from .values import count, flag, moment, named, number, part, parts, said, text, whole_text

_CARDS: Final = 16


def _list(body: Mapping[str, Any]) -> Told:
    sections = [
        said(title=text(section, "title"), options=[_row(row) for row in parts(section, "rows")])
        for section in parts(body, "sections")
    ]
    about = said(
        title=text(body, "title"),
        footer=text(body, "footerText"),
        button=text(body, "buttonText"),
        sections=sections,
    )
    return Told(text=whole_text(body, "description"), details=named("list", about))


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return said(id=text(row, "rowID"), text=text(row, "title"), description=text(row, "description"))


def _buttons(body: Mapping[str, Any]) -> Told:
    buttons = [
        said(id=text(one, "buttonID"), text=text(part(one, "buttonText"), "displayText"))
        for one in parts(body, "buttons")
    ]
    about = said(title=text(body, "text"), footer=text(body, "footerText"), buttons=buttons)
    return Told(text=whole_text(body, "contentText"), details=named("choices", about), media=inner_file(body))


def _template(body: Mapping[str, Any]) -> Told:
    if interactive := part(body, "interactiveMessageTemplate"):
        return _interactive(interactive)
    hydrated = part(body, "hydratedTemplate") or part(body, "hydratedFourRowTemplate")
    about = said(
        title=text(hydrated, "hydratedTitleText"),
        footer=text(hydrated, "hydratedFooterText"),
        buttons=[_template_button(one) for one in parts(hydrated, "hydratedButtons")],
    )
    written = whole_text(hydrated, "hydratedContentText")
    return Told(text=written, details=named("choices", about), media=inner_file(hydrated))


def _template_button(button: Mapping[str, Any]) -> dict[str, Any]:
    reply, link, call = part(button, "quickReplyButton"), part(button, "urlButton"), part(button, "callButton")
    return said(
        id=text(reply, "ID"),
        text=text(reply or link or call, "displayText"),
        url=text(link, "URL"),
        phone=text(call, "phoneNumber"),
    )


def _interactive(body: Mapping[str, Any]) -> Told:
    header = part(body, "header")
    cards = parts(part(body, "carouselMessage"), "cards")[:_CARDS]
    about = said(
        title=text(header, "title"),
        subtitle=text(header, "subtitle"),
        footer=text(part(body, "footer"), "text"),
        buttons=[_flow_button(one) for one in parts(part(body, "nativeFlowMessage"), "buttons")],
        cards=[_card(one) for one in cards],
    )
    media = inner_file(header) or next(filter(None, (inner_file(part(one, "header")) for one in cards)), None)
    return Told(text=whole_text(part(body, "body"), "text"), details=named("choices", about), media=media)


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    return said(
        title=text(part(card, "header"), "title"),
        text=text(part(card, "body"), "text"),
        footer=text(part(card, "footer"), "text"),
        buttons=[_flow_button(one) for one in parts(part(card, "nativeFlowMessage"), "buttons")],
    )


def _flow_button(button: Mapping[str, Any]) -> dict[str, Any]:
    asked = _document(button, "buttonParamsJSON")
    return said(
        kind=text(button, "name", 64),
        id=text(asked, "id"),
        text=text(asked, "display_text"),
        url=text(asked, "url"),
        phone=text(asked, "phone_number"),
        code=text(asked, "copy_code"),
    )


def _document(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """JSON inside of a text."""
    try:
        document = json.loads(text(body, name, 65_536) or "")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, Mapping) else {}


def _chosen(body: Mapping[str, Any], *, id: str, title: str, description: str = "") -> Told:
    chosen = said(id=text(body, id), text=text(body, title), description=text(body, description))
    return Told(text=whole_text(body, title) or text(body, id), details=named("chosen", chosen))


def _list_response(body: Mapping[str, Any]) -> Told:
    row = {"rowID": part(body, "singleSelectReply").get("selectedRowID")}
    return _chosen(dict(body) | row, id="rowID", title="title", description="description")


def _interactive_response(body: Mapping[str, Any]) -> Told:
    flow = part(body, "nativeFlowResponseMessage")
    answer = _document(flow, "paramsJSON")
    written = whole_text(part(body, "body"), "text")
    chosen = said(kind=text(flow, "name", 64), id=text(answer, "id"), text=text(answer, "title") or written)
    return Told(text=written or text(answer, "title"), details=named("chosen", chosen))


def _poll(body: Mapping[str, Any]) -> Told:
    about = said(
        question=text(body, "name"),
        options=[name for one in parts(body, "options") if (name := text(one, "optionName"))],
        most_choices=count(body, "selectableOptionsCount"),
        ends_at=moment(body, "endTime", per_second=1000 if (number(body, "endTime") or 0) > 10**11 else 1),
        is_quiz=True if body.get("pollType") == "QUIZ" else None,
        hides_names=flag(body, "hideParticipantName"),
    )
    return Told(text=whole_text(body, "name"), details=named("poll", about))


def _poll_results(body: Mapping[str, Any]) -> Told:
    votes = parts(body, "pollVotes")
    results = [said(option=text(one, "optionName"), votes=count(one, "optionVoteCount") or 0) for one in votes]
    about = said(question=text(body, "name"), results=results)
    return Told(text=whole_text(body, "name"), details=named("poll", about))


READERS: Final[dict[str, Reader]] = {
    "listMessage": _list,
    "buttonsMessage": _buttons,
    "templateMessage": _template,
    "interactiveMessage": _interactive,
    "listResponseMessage": _list_response,
    "buttonsResponseMessage": partial(_chosen, id="selectedButtonID", title="selectedDisplayText"),
    "templateButtonReplyMessage": partial(_chosen, id="selectedID", title="selectedDisplayText"),
    "interactiveResponseMessage": _interactive_response,
    "pollResultSnapshotMessage": _poll_results,
    "pollResultSnapshotMessageV3": _poll_results,
    **dict.fromkeys(
        ("pollCreationMessage", "pollCreationMessageV2", "pollCreationMessageV3", "pollCreationMessageV5",
         "pollCreationMessageV6"),
        _poll,
    ),
}  # fmt: skip
