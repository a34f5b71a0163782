"""What is never read of a message: keys, and where files lie; and that nothing makes a reader raise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.engines.content import Content, read_json
from recado.engines.content.reading import _READERS
from tests.engines.secrets import SECRETS


def test_messages_inside_of_messages_end_somewhere():
    message: dict[str, Any] = {"conversation": "x"}
    for _ in range(200):
        message = {"protocolMessage": {"key": {"ID": "A"}, "type": "MESSAGE_EDIT", "editedMessage": message}}
    assert read_json(message).kind == "protocolMessage"
    for _ in range(200):
        message = {"questionMessage": {"message": message}}
    assert read_json(message).kind == "questionMessage"


def all_of(content: Content) -> str:
    media = content.media
    shown = [content.text, content.quoted_text, content.details, media and [getattr(media, n) for n in media.__slots__]]
    return json.dumps(shown)


@pytest.mark.parametrize("kind", sorted(_READERS))
def test_no_key_and_no_address_of_a_file_is_ever_shown(kind: str):
    inner = dict(SECRETS)
    for name in ("imageMessage", "header", "hydratedTemplate", "product", "contextInfo", "embeddedMusic", "key"):
        inner = {name: inner} | SECRETS
    if kind == "productMessage":
        inner["product"] = {name: value for name, value in SECRETS.items() if name != "URL"}
    assert "U0VDUkVU" not in all_of(read_json({kind: inner}))


NAMES = ["message", "text", "contextInfo", "quotedMessage", "key", "ID", "type", "editedMessage", "vcard", "contacts",
         "options", "sections", "rows", "buttons", "mentionedJID", "fileLength", "JPEGThumbnail", "degreesLatitude",
         "startTime", "amount", "value", "offset", "title", "caption", "header", "body", "nativeFlowMessage",
         "buttonParamsJSON", "expiration", "conversation", "imageMessage", "protocolMessage"]  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)


@given(st.sampled_from([*sorted(_READERS), "protocolMessage", "questionMessage", "conversation"]), anything)
def test_nothing_makes_a_reader_raise(kind: str, body: Any):
    content = read_json({kind: body})
    json.dumps(content.details, allow_nan=False)
