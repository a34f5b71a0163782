"""One line for a message of any kind, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from recado.domain.labels import KINDS
from recado.domain.media import Media
from recado.domain.summaries import LONGEST, quoted_line, summary
from recado.engines.content.kinds import BYSTANDERS, ENVELOPES, FIELDS

QUIET = {"stickerSyncRmrMessage", "groupRootKeyShare", "rootSecretDistributeMessage"}


@dataclass(frozen=True, kw_only=True)
class Some:
    kind: str
    text: str | None = None
    details: dict[str, Any] | None = None
    media: Media | None = None


def lines(kind: str, **fields: Any) -> tuple[str, str]:
    return summary(Some(kind=kind, **fields)), summary(Some(kind=kind, **fields), "pt")


@pytest.mark.parametrize("kind", sorted(set(FIELDS.values()) - BYSTANDERS - ENVELOPES.keys() - QUIET))
def test_every_kind_that_people_see_has_words_of_its_own(kind: str):
    assert kind in KINDS
    assert all(lines(kind))


def test_a_kind_that_nobody_knows_is_named():
    assert lines("brandNewMessage") == ("Message of kind brandNewMessage", "Mensagem do tipo brandNewMessage")


@pytest.mark.parametrize("text", [None, "", " \n\t "])
def test_a_text_without_text_is_not_blank(text: str | None):
    assert lines("conversation", text=text) == ("Empty message", "Mensagem vazia")


def test_a_text_is_one_line_and_not_too_long():
    assert lines("conversation", text=" Oi,\n\ttudo bem? ") == ("Oi, tudo bem?",) * 2
    line = summary(Some(kind="conversation", text="palavra " * 100_000))
    assert (len(line), line[-1]) == (LONGEST, "…")


def test_a_picture_is_shown_by_its_caption_else_by_what_it_is():
    photo = Media(kind="image")
    assert lines("imageMessage", media=photo, text="Veja\nisto") == ("📷 Veja isto",) * 2
    assert lines("imageMessage", media=photo) == ("📷 Photo", "📷 Foto")


@pytest.mark.parametrize(
    ("kind", "media", "expected"),
    [
        ("audioMessage", Media(kind="voice", seconds=72), ("🎤 Voice message (1:12)", "🎤 Mensagem de voz (1:12)")),
        ("audioMessage", Media(kind="audio"), ("🎵 Audio", "🎵 Áudio")),
        ("videoMessage", Media(kind="gif"), ("🎞 GIF", "🎞 GIF")),
        ("videoMessage", Media(kind="video", seconds=5), ("🎥 Video (0:05)", "🎥 Vídeo (0:05)")),
        ("documentMessage", Media(kind="document", file_name="a.pdf"), ("📄 a.pdf", "📄 a.pdf")),
        ("documentMessage", None, ("📄 Document", "📄 Documento")),
        ("stickerMessage", Media(kind="sticker"), ("💟 Sticker", "💟 Figurinha")),
    ],
)
def test_files_are_named_by_what_they_are(kind: str, media: Media | None, expected: tuple[str, str]):
    assert lines(kind, media=media) == expected


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        ("locationMessage", {"location": {"name": "Praça da Sé"}}, ("📍 Praça da Sé",) * 2),
        ("locationMessage", {"location": {"latitude": 1.0}}, ("📍 Location", "📍 Localização")),
        ("contactMessage", {"contacts": [{"name": "Ana"}]}, ("👤 Ana",) * 2),
        ("contactsArrayMessage", {"contacts": [{}, {}]}, ("👤 2 contacts", "👤 2 contatos")),
        ("pollCreationMessageV3", {"poll": {"question": "Pizza?"}}, ("📊 Pizza?",) * 2),
        ("reactionMessage", {"reaction": "❤"}, ("Reacted ❤", "Reagiu com ❤")),
        ("reactionMessage", {"reaction": None}, ("Removed a reaction", "Removeu uma reação")),
        ("albumMessage", {"album": {"images": 3, "videos": 1}}, ("📷 3 photos, 1 videos", "📷 3 fotos, 1 vídeos")),
        ("callLogMesssage", {"call": {"outcome": "missed"}}, ("📞 Missed voice call", "📞 Ligação de voz perdida")),
        ("orderMessage", {"order": {"items": 2}}, ("🛒 Order: 2 items", "🛒 Pedido: 2 itens")),
        (
            "requestPaymentMessage",
            {"payment": {"step": "requested", "amount": "10.00", "currency": "BRL"}},
            ("💰 Payment request: BRL 10.00", "💰 Pedido de pagamento: BRL 10.00"),
        ),
        (
            "protocolMessage",
            {"setting": "ephemeral_setting", "ephemeral_seconds": 604_800},
            ("ℹ️ Messages disappear after 7 d", "ℹ️ As mensagens somem depois de 7 d"),
        ),
        ("stub", {"type": "GROUP_PARTICIPANT_LEAVE"}, ("ℹ️ Somebody left", "ℹ️ Alguém saiu")),
        ("stub", {"type": "NEW"}, ("ℹ️ Something happened in this chat", "ℹ️ Algo aconteceu nesta conversa")),
        ("stub", {"type": "REVOKE"}, ("🚫 Message deleted", "🚫 Mensagem apagada")),
        ("conversation", {"deleted": True}, ("🚫 Message deleted", "🚫 Mensagem apagada")),
        ("protocolMessage", {"change": "delete"}, ("🚫 Deleted a message", "🚫 Apagou uma mensagem")),
        ("pollCreationMessageV4", {"of": "pollCreationMessage", "poll": {"question": "A?"}}, ("📊 A?",) * 2),
    ],
)
def test_the_details_speak_for_a_message_without_text(kind: str, details: dict[str, Any], expected: tuple[str, str]):
    assert lines(kind, details=details) == expected


def test_what_may_be_looked_at_once_says_so():
    assert lines("imageMessage", media=Media(kind="image"), details={"is_view_once": True}) == (
        "📷 Photo (view once)",
        "📷 Foto (visualização única)",
    )


def test_what_is_quoted_is_summed_up_when_it_has_no_text():
    details = {"quoted": {"kind": "audioMessage", "media": {"kind": "voice", "seconds": 3}}}
    assert quoted_line(details) == "🎤 Voice message (0:03)"
    assert quoted_line(details, "pt") == "🎤 Mensagem de voz (0:03)"
    assert quoted_line({"quoted": {"sender": "1@lid"}}) is None
    assert quoted_line(None) is None
