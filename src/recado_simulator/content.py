"""A message's content: as much of the Message protobuf as the network itself looks at."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from recado_simulator.protobuf import Fields, MalformedProtobuf, bytes_of, decode, encode

CONVERSATION, KEY_DISTRIBUTION, EXTENDED_TEXT, DEVICE_SENT, CONTEXT = 1, 2, 6, 31, 35
MEDIA: Mapping[int, str] = MappingProxyType(
    {3: "image", 4: "vcard", 5: "location", 7: "document", 8: "audio", 9: "video", 26: "sticker"}
)


class DeviceSent(NamedTuple):
    """A message as a person's own other devices get it; `destination` is the chat's JID."""

    destination: str
    message: bytes


def text_message(text: str) -> bytes:
    """A Message with `conversation`."""
    return encode([(CONVERSATION, text.encode())])


def text_of(message: bytes) -> str | None:
    """The text of a Message, plain or extended; None when it is something else."""
    try:
        fields = decode(message)
        text = bytes_of(fields, CONVERSATION)
        if text is None and EXTENDED_TEXT in fields:
            text = bytes_of(decode(bytes_of(fields, EXTENDED_TEXT) or b""), 1)
    except MalformedProtobuf:
        return None
    return None if text is None else text.decode(errors="replace")


def media_type(message: bytes) -> str | None:
    """The stanza's `mediatype`, None for a message that is no attachment."""
    fields = readable(message)
    return next((name for number, name in MEDIA.items() if number in fields), None)


def device_sent(destination: str, message: bytes) -> bytes:
    """The Message that carries another one to a person's own devices."""
    return encode([(DEVICE_SENT, encode([(1, destination.encode()), (2, message)]))])


def read_device_sent(message: bytes) -> DeviceSent | None:
    """What `device_sent` made, None for any other Message."""
    inner = readable(message).get(DEVICE_SENT)
    if not inner or not isinstance(inner[-1], bytes):
        return None
    fields = readable(inner[-1])
    destination, sent = (values[-1] if (values := fields.get(number)) else b"" for number in (1, 2))
    if not isinstance(destination, bytes) or not isinstance(sent, bytes):
        return None
    return DeviceSent(destination.decode(errors="replace"), sent)


def key_distribution(group: str, key: bytes) -> bytes:
    """The Message, or the part of one, that hands a sender key to a member of a group."""
    return encode([(KEY_DISTRIBUTION, encode([(1, group.encode()), (2, key)]))])


def read_key_distribution(message: bytes) -> bytes | None:
    """The sender key that a Message hands over, None when it hands over none."""
    handed = readable(message).get(KEY_DISTRIBUTION)
    if not handed or not isinstance(handed[-1], bytes):
        return None
    key = readable(handed[-1]).get(2)
    return key[-1] if key and isinstance(key[-1], bytes) else None


def is_only_key_distribution(message: bytes) -> bool:
    """Whether a Message says nothing beyond the sender key that it hands over."""
    numbers = set(readable(message))
    return KEY_DISTRIBUTION in numbers and numbers <= {KEY_DISTRIBUTION, CONTEXT}


def readable(message: bytes) -> Fields:
    try:
        return decode(message)
    except MalformedProtobuf:
        return {}
