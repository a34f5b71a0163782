"""Contents of messages in an untidy history: texts, quotes, and attachments that lie on no server."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from recado_simulator.disorder.words import person_name, sentence
from recado_simulator.protobuf import Value, encode

# A grey JPEG of one pixel, baseline: what makes thumbnails differ is a comment behind its head.
JPEG_HEAD = bytes.fromhex("ffd8")
QUANTIZATION = bytes.fromhex("ffdb004300") + bytes([1] * 64)
FRAME = bytes.fromhex("ffc0000b080001000101011100")
ONE_CODE = bytes.fromhex("01") + bytes(16)
HUFFMAN = bytes.fromhex("ffc4001400") + ONE_CODE + bytes.fromhex("ffc4001410") + ONE_CODE
JPEG_TAIL = QUANTIZATION + FRAME + HUFFMAN + bytes.fromhex("ffda0008010100003f003fffd9")
COMMENT = bytes.fromhex("fffe")
PROTOCOL_MESSAGE, EDITED_MESSAGE = 12, 58
MESSAGE_EDIT = 14
THUMBNAIL = (200, 900)  # bytes


class Content(NamedTuple):
    """The bytes of a Message, the protobuf's name of its field, and the text or caption in it."""

    message: bytes
    kind: str
    text: str | None = None


def said(source: Random, text: str) -> Content:
    """A text, in the one form or the other."""
    return text_as("extendedTextMessage" if source.random() < 1 / 6 else "conversation", text)


def text_as(kind: str, text: str) -> Content:
    """A text in the form of that name."""
    written = encode([(1, text.encode())])
    return Content(written if kind == "conversation" else encode([(6, written)]), kind, text)


def answered(text: str, id: str, author: str, quoted: str) -> Content:
    """A text that quotes another one."""
    context = encode([(1, id.encode()), (2, author.encode()), (3, encode([(1, quoted.encode())]))])
    return Content(encode([(6, encode([(1, text.encode()), (17, context)]))]), "extendedTextMessage", text)


def edited(message: bytes, chat: str, id: str, at_ms: int, *, is_from_me: bool, is_wrapped: bool) -> bytes:
    """The Message that changes the content of an earlier one, in an envelope or bare."""
    key = encode([(1, chat.encode()), (2, int(is_from_me)), (3, id.encode())])
    edit = encode([(PROTOCOL_MESSAGE, encode([(1, key), (2, MESSAGE_EDIT), (14, message), (15, at_ms)]))])
    return encode([(EDITED_MESSAGE, encode([(1, edit)]))]) if is_wrapped else edit


def attached(source: Random) -> Content:
    """An attachment of some kind."""
    return source.choice(ATTACHED)(source)


def picture(source: Random) -> Content:
    caption = sentence(source) if source.random() < 1 / 2 else None
    file = stored(source, "image")
    size: Fields = [(5, file.size), (6, 1280), (7, 960), (16, thumbnail(source))]
    told = [(1, file.url), (2, b"image/jpeg"), (3, utf8(caption)), (4, file.sha256), *size]
    return Content(wrapped(3, [*told, (8, file.key), (9, file.enc_sha256), (11, file.path)]), "imageMessage", caption)


def film(source: Random) -> Content:
    caption = sentence(source) if source.random() < 1 / 3 else None
    file = stored(source, "video")
    size: Fields = [(4, file.size), (5, source.randrange(1, 90)), (9, 720), (10, 1280), (16, thumbnail(source))]
    told = [(1, file.url), (2, b"video/mp4"), (3, file.sha256), (6, file.key), (7, utf8(caption)), *size]
    return Content(wrapped(9, [*told, (11, file.enc_sha256), (13, file.path)]), "videoMessage", caption)


def voice(source: Random) -> Content:
    file = stored(source, "audio")
    told: Fields = [(1, file.url), (2, b"audio/ogg; codecs=opus"), (3, file.sha256), (4, file.size), (6, 1)]
    told += [(5, source.randrange(1, 300)), (7, file.key), (8, file.enc_sha256), (9, file.path)]
    return Content(wrapped(8, [*told, (19, source.randbytes(64))]), "audioMessage")


def document(source: Random) -> Content:
    caption = sentence(source) if source.random() < 1 / 4 else None
    name = f"Orçamento nº {source.randrange(1000)}.pdf"
    file = stored(source, "document")
    told: Fields = [(1, file.url), (2, b"application/pdf"), (3, utf8(name)), (4, file.sha256), (5, file.size)]
    told += [(6, source.randrange(1, 30)), (7, file.key), (8, utf8(name)), (9, file.enc_sha256), (10, file.path)]
    return Content(wrapped(7, [*told, (16, thumbnail(source)), (20, utf8(caption))]), "documentMessage", caption)


def sticker(source: Random) -> Content:
    file = stored(source, "image")
    told: Fields = [(1, file.url), (2, file.sha256), (3, file.enc_sha256), (4, file.key), (5, b"image/webp")]
    return Content(wrapped(26, [*told, (6, 512), (7, 512), (8, file.path), (9, file.size)]), "stickerMessage")


def card(source: Random) -> Content:
    name = person_name(source)
    number = f"+55 21 9{source.randrange(10**8):08}"
    vcard = f"BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL;type=CELL:{number}\nEND:VCARD"
    return Content(wrapped(4, [(1, utf8(name)), (16, utf8(vcard))]), "contactMessage")


Fields = list[tuple[int, Value | None]]
ATTACHED: tuple[Callable[[Random], Content], ...] = (
    picture,
    picture,
    picture,
    film,
    voice,
    voice,
    document,
    sticker,
    card,
)


class Stored(NamedTuple):
    """Where an attachment would lie, and how it would be read."""

    url: bytes
    path: bytes
    key: bytes
    sha256: bytes
    enc_sha256: bytes
    size: int


def stored(source: Random, kind: str) -> Stored:
    random = source.randbytes(96)
    path = f"/v/t62.7118-24/{kind}_{random[:12].hex()}_n.enc?ccb=11-4&oh=01_{random[12:24].hex()}&oe=6A00"
    size = source.randrange(2_000, 4_000_000)
    url = f"https://mmg.whatsapp.net{path}&mms3=true"
    return Stored(url.encode(), path.encode(), random[:32], random[32:64], random[64:], size)


def thumbnail(source: Random) -> bytes:
    comment = source.randbytes(source.randrange(*THUMBNAIL))
    return JPEG_HEAD + COMMENT + (len(comment) + 2).to_bytes(2) + comment + JPEG_TAIL


def wrapped(number: int, fields: Fields) -> bytes:
    return encode([(number, encode(fields))])


def utf8(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
