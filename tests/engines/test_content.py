"""What is read of each kind of message, and what is never read: keys, and where files lie."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from recado.domain.media import Media
from recado.domain.messages import ASIDES
from recado.engines.content import Content, is_view_once, read_json
from recado.engines.content.asides import READERS as ASIDE_READERS
from recado.engines.content.kinds import FIELDS
from recado.engines.content.reading import _READERS
from tests.engines.secrets import SECRETS

JPEG = base64.b64encode(b"\xff\xd8\xff\xe0 a small picture").decode()
HASH = base64.b64encode(bytes(range(32))).decode()
VCARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Silva;Ana;;;\r\nFN:Ana Silva\r\nORG:Loja;\r\n"
    "item1.TEL;waid=5511988887777:+55 11 98888-7777\r\nTEL;TYPE=WORK:+55 11 3333-\r\n 4444\r\n"
    "EMAIL:ana@example.com\r\nPHOTO;BASE64:AAAA\r\nEND:VCARD"
)


def read(**message: Any) -> Content:
    return read_json(message)


def test_a_picture():
    content = read(
        imageMessage={"caption": "Veja", "mimetype": "image/jpeg", "fileLength": "1234", "fileSHA256": HASH,
                      "width": 640, "height": 480, "JPEGThumbnail": JPEG} | SECRETS
    )  # fmt: skip
    assert (content.text, content.details) == ("Veja", None)
    assert content.media == Media(
        kind="image",
        mime_type="image/jpeg",
        size_bytes=1234,
        sha256=bytes(range(32)).hex(),
        width=640,
        height=480,
        thumbnail=f"data:image/jpeg;base64,{JPEG}",
    )


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"videoMessage": {}}, "video"),
        ({"videoMessage": {"gifPlayback": True}}, "gif"),
        ({"ptvMessage": {}}, "note"),
        ({"audioMessage": {"seconds": 5}}, "audio"),
        ({"audioMessage": {"PTT": True}}, "voice"),
        ({"documentMessage": {"title": "a"}}, "document"),
        ({"stickerMessage": {}}, "sticker"),
    ],
)
def test_kinds_of_files(message: dict[str, Any], kind: str):
    media = read(**message).media
    assert media is not None
    assert media.kind == kind


@pytest.mark.parametrize(
    "thumbnail",
    ["não", "AAAA", base64.b64encode(b"<svg onload=alert(1)>").decode(), JPEG[:8] + "A" * 70_000, 7, ["x"]],
)
def test_a_thumbnail_that_is_no_small_picture_is_left_out(thumbnail: object):
    media = read(imageMessage={"JPEGThumbnail": thumbnail}).media
    assert media is not None
    assert media.thumbnail is None


@pytest.mark.parametrize("size", [-1, "x", 2**70, True, 1.5, "12345678901234567890"])
def test_a_size_that_cannot_be_is_not_told(size: object):
    media = read(documentMessage={"fileLength": size}).media
    assert media is not None
    assert media.size_bytes is None


def test_a_document_with_a_caption_is_opened():
    inner = {"documentMessage": {"fileName": "a.pdf", "caption": "O contrato", "pageCount": 3}}
    content = read(documentWithCaptionMessage={"message": inner})
    assert (content.kind, content.text, content.details) == ("documentMessage", "O contrato", {"pages": 3})


def test_what_may_be_looked_at_once_is_marked():
    assert read(viewOnceMessageV2={"message": {"imageMessage": {}}}).details == {"is_view_once": True}
    assert read(imageMessage={"viewOnce": True}).details == {"is_view_once": True}


def test_the_envelope_of_what_may_be_looked_at_once_is_seen_in_the_bytes():
    picture = b"\x1a\x00"
    once = b"\xaa\x02" + bytes([len(picture) + 2]) + b"\x0a" + bytes([len(picture)]) + picture
    assert is_view_once(once)
    assert not is_view_once(picture)
    assert not is_view_once(b"\xff\xff")


def test_places():
    body = {"degreesLatitude": -23.55, "degreesLongitude": -46.63, "name": "Praça da Sé", "address": "São Paulo"}
    content = read(locationMessage=body | {"JPEGThumbnail": JPEG, "degreesLatitude": -23.55})
    expected = {"latitude": -23.55, "longitude": -46.63, "name": "Praça da Sé", "address": "São Paulo"}
    assert content.details == {"location": expected}
    assert content.media == Media(kind="preview", thumbnail=f"data:image/jpeg;base64,{JPEG}")
    live = read(liveLocationMessage={"degreesLatitude": 1, "degreesLongitude": 2, "caption": "Chegando"})
    assert (live.text, live.details) == (
        "Chegando",
        {"location": {"latitude": 1.0, "longitude": 2.0, "is_live": True}},
    )


def test_a_contact_card_is_a_name_and_numbers():
    content = read(contactMessage={"displayName": "Ana", "vcard": VCARD})
    assert content.details == {
        "contacts": [
            {
                "name": "Ana",
                "numbers": [
                    {"number": "+55 11 98888-7777", "phone_number": "5511988887777"},
                    {"number": "+55 11 3333-4444"},
                ],
                "emails": ["ana@example.com"],
                "organization": "Loja",
            }
        ]
    }


def test_several_contact_cards_one_of_them_broken():
    content = read(contactsArrayMessage={"contacts": [{"vcard": VCARD}, {"vcard": "não"}, "x"]})
    assert content.details is not None
    assert [card.get("name") for card in content.details["contacts"]] == ["Ana Silva", None]


def test_a_poll():
    content = read(
        pollCreationMessageV3={"name": "Pizza?", "options": [{"optionName": "Sim"}, {"optionName": "Não"}, {}],
                               "selectableOptionsCount": 1} | SECRETS
    )  # fmt: skip
    assert content.text == "Pizza?"
    assert content.details == {"poll": {"question": "Pizza?", "options": ["Sim", "Não"], "most_choices": 1}}


def test_a_kind_that_only_wraps_another_keeps_its_name():
    content = read(pollCreationMessageV4={"message": {"pollCreationMessage": {"name": "A?"}}})
    assert (content.kind, content.text) == ("pollCreationMessageV4", "A?")
    assert content.details == {"of": "pollCreationMessage", "poll": {"question": "A?"}}


def test_lists_and_buttons_and_what_was_chosen():
    rows = [{"rowID": "1", "title": "Calabresa", "description": "R$ 40"}]
    told = read(listMessage={"title": "Cardápio", "description": "Escolha", "sections": [{"rows": rows}]})
    assert told.text == "Escolha"
    assert told.details == {
        "list": {
            "title": "Cardápio",
            "sections": [{"options": [{"id": "1", "text": "Calabresa", "description": "R$ 40"}]}],
        }
    }
    asked = read(
        buttonsMessage={"contentText": "Ok?", "buttons": [{"buttonID": "s", "buttonText": {"displayText": "Sim"}}]}
    )
    assert (asked.text, asked.details) == ("Ok?", {"choices": {"buttons": [{"id": "s", "text": "Sim"}]}})
    chosen = read(listResponseMessage={"title": "Calabresa", "singleSelectReply": {"selectedRowID": "1"}})
    assert (chosen.text, chosen.details) == ("Calabresa", {"chosen": {"id": "1", "text": "Calabresa"}})
    pressed = read(templateButtonReplyMessage={"selectedID": "s", "selectedDisplayText": "Sim"})
    assert (pressed.text, pressed.details) == ("Sim", {"chosen": {"id": "s", "text": "Sim"}})


def test_an_interactive_message_and_its_answer():
    button = {
        "name": "cta_url",
        "buttonParamsJSON": json.dumps({"display_text": "Pagar", "url": "https://example.com"}),
    }
    told = read(
        interactiveMessage={
            "header": {"title": "Conta", "imageMessage": {"mimetype": "image/png"}},
            "body": {"text": "R$ 40"},
            "nativeFlowMessage": {"buttons": [button, {"buttonParamsJSON": "{"}]},
        }
    )
    assert (told.text, told.media) == ("R$ 40", Media(kind="image", mime_type="image/png"))
    assert told.details is not None
    assert told.details["choices"]["buttons"][0] == {"kind": "cta_url", "text": "Pagar", "url": "https://example.com"}
    answer = {"nativeFlowResponseMessage": {"name": "menu", "paramsJSON": '{"id": "7"}'}, "body": {"text": "Sim"}}
    assert read(interactiveResponseMessage=answer).details == {"chosen": {"kind": "menu", "id": "7", "text": "Sim"}}


def test_a_template():
    buttons = [{"urlButton": {"displayText": "Ver", "URL": "https://example.com"}}]
    told = read(templateMessage={"hydratedTemplate": {"hydratedContentText": "Olá", "hydratedButtons": buttons}})
    assert (told.text, told.details) == (
        "Olá",
        {"choices": {"buttons": [{"text": "Ver", "url": "https://example.com"}]}},
    )


def test_dealings():
    order = read(
        orderMessage={"orderID": "7", "itemCount": 2, "totalAmount1000": "40500", "totalCurrencyCode": "BRL"} | SECRETS
    )
    assert order.details == {"order": {"id": "7", "items": 2, "total": {"amount": "40.50", "currency": "BRL"}}}
    asked = read(
        requestPaymentMessage={
            "amount1000": "10005",
            "currencyCodeIso4217": "BRL",
            "noteMessage": {"conversation": "Aluguel"},
        }
    )
    assert asked.text == "Aluguel"
    assert asked.details == {"payment": {"step": "requested", "amount": "10.005", "currency": "BRL"}}
    call = read(callLogMesssage={"isVideo": True, "callOutcome": "MISSED", "durationSecs": "0"})
    assert call.details == {"call": {"is_video": True, "outcome": "missed", "seconds": 0}}
    event = read(eventMessage={"name": "Festa", "startTime": "1795536000", "location": {"name": "Aqui"}})
    assert event.details == {
        "event": {"name": "Festa", "starts_at": "2026-11-24T16:00:00.000Z", "location": {"name": "Aqui"}}
    }
    invite = read(groupInviteMessage={"groupJID": "1203@g.us", "groupName": "Loja", "inviteExpiration": "0"})
    assert invite.details == {"group_invite": {"jid": "1203@g.us", "name": "Loja"}}


def test_a_reaction_points_to_its_message():
    key = {"ID": "3EB0AA", "fromMe": True, "participant": "5511988887777:3@s.whatsapp.net"}
    content = read(reactionMessage={"key": key, "text": "❤"})
    assert content.target_wa_id == "3EB0AA"
    target = {"wa_id": "3EB0AA", "sender": "5511988887777@s.whatsapp.net"}
    assert content.details == {"reaction": "❤", "target": target}
    assert (read(reactionMessage={"key": key, "text": ""}).details or {})["reaction"] is None


def test_an_edit_brings_the_new_text():
    new = {"extendedTextMessage": {"text": "Olá", "contextInfo": {"mentionedJID": ["1@lid"]}}}
    body = {"key": {"ID": "3EB0AA"}, "type": "MESSAGE_EDIT", "editedMessage": new}
    content = read(editedMessage={"message": {"protocolMessage": body}})
    assert (content.kind, content.change, content.target_wa_id, content.text) == (
        "protocolMessage",
        "edit",
        "3EB0AA",
        "Olá",
    )
    assert content.details == {"change": "edit", "target": {"wa_id": "3EB0AA"}, "mentions": ["1@lid"]}


@pytest.mark.parametrize("type", [{"type": "REVOKE"}, {}])
def test_a_deletion_names_its_message(type: dict[str, str]):
    content = read(protocolMessage={"key": {"ID": "3EB0AA"}} | type)
    assert (content.change, content.target_wa_id, content.text) == ("delete", "3EB0AA", None)


def test_what_changes_the_chat_is_about_no_message():
    content = read(
        protocolMessage={"type": "EPHEMERAL_SETTING", "ephemeralExpiration": 604800, "key": {"ID": "3EB0AA"}}
    )
    assert (content.change, content.target_wa_id) == (None, None)
    assert content.details == {"setting": "ephemeral_setting", "ephemeral_seconds": 604_800}


def test_every_reader_of_asides_is_one_of_an_aside():
    assert ASIDE_READERS.keys() <= ASIDES


def test_every_reader_is_of_a_kind_that_there_is():
    assert _READERS.keys() <= set(FIELDS.values())


def test_what_is_quoted_is_kept_up_to_300_characters():
    context = {"stanzaID": "3EB0AA", "participant": "1:4@lid", "quotedMessage": {"conversation": "a" * 500}}
    content = read(extendedTextMessage={"text": "Sim", "contextInfo": context})
    assert (content.quoted_wa_id, content.quoted_text) == ("3EB0AA", "a" * 300)
    assert content.details == {"quoted": {"sender": "1@lid", "kind": "conversation"}}


def test_of_a_quoted_file_it_is_known_what_it_is():
    quoted = {"audioMessage": {"PTT": True, "seconds": 3} | SECRETS}
    content = read(imageMessage={"contextInfo": {"stanzaID": "3EB0AA", "quotedMessage": quoted}})
    assert content.quoted_text is None
    assert content.details == {"quoted": {"kind": "audioMessage", "media": {"kind": "voice", "seconds": 3}}}


def test_mentions_forwards_and_advertisements():
    context = {
        "mentionedJID": ["5511988887777@s.whatsapp.net", "7:3@lid", "x", 5],
        "isForwarded": True,
        "forwardingScore": 4,
        "expiration": 86400,
        "externalAdReply": {"title": "Promoção", "sourceURL": "https://example.com/ad", "ctwaClid": "c"} | SECRETS,
    }
    assert read(extendedTextMessage={"text": "Oi", "contextInfo": context}).details == {
        "mentions": ["5511988887777@s.whatsapp.net", "7@lid"],
        "is_forwarded": True,
        "forwarding_score": 4,
        "ephemeral_seconds": 86_400,
        "ad": {"title": "Promoção", "source_url": "https://example.com/ad", "click_id": "c"},
    }


def test_a_link_is_shown_with_its_title():
    content = read(extendedTextMessage={"text": "Veja https://example.com", "matchedText": "https://example.com",
                                        "title": "Exemplo", "JPEGThumbnail": JPEG})  # fmt: skip
    assert content.details == {"link": {"url": "https://example.com", "title": "Exemplo"}}
    assert content.media is not None
    assert content.media.kind == "preview"
