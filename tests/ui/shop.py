"""The scene of a shop: a bakery's contacts, groups and some weeks of talk, every kind of message that people send."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tests.ui.portraits import data_url, landscape, portrait
from tests.ui.rows import Rows

MARIA: Final = "Maria Souza"
TEAM: Final = "Equipe da padaria"
LONG_NAME: Final = "Associação dos Moradores e Comerciantes do Bairro Jardim das Acácias – Compras coletivas"
LONG_WORD: Final = "https://example.com/catalogo/" + "pao-de-fermentacao-natural-" * 12

FLOUR: Final = "Carlos – fornecedor de farinha"

_PEOPLE: Final = (
    # number, saved as, goes by, business, last words, own, hours ago, unread
    ("5511988880001", "Ana Beatriz", "Bia", None, "Perfeito, obrigada! 🥖", False, 3, 0),
    ("5511988880002", None, "João Pedro", None, "Bom dia, tem pão de queijo hoje?", False, 4, 2),
    ("5511988880003", FLOUR, "Carlos", "Moinho Santa Clara", "Entrego na quinta.", False, 7, 0),
    ("5521988880004", None, None, None, "Olá", False, 9, 1),
    ("5511988880005", "Zé", "Zé", None, "Já separei a sua encomenda.", True, 11, 0),
    ("5511988880006", None, "🌻 Flor de Lis 🌻", None, "😍😍😍", False, 26, 0),
    ("5511988880007", "Dona Lourdes", "Lourdes", None, "Deus abençoe", False, 27, 0),
    ("5511988880008", "Pedro", "Pedro H.", None, "Ficou em R$ 86,50. Pode ser no Pix.", True, 30, 0),
    ("5585988880009", None, "Fernanda Oliveira da Silva Sauro", None, "Vocês entregam em Fortaleza?", False, 50, 0),
    ("5511988880010", None, "سارة", None, "شكراً جزيلاً", False, 74, 0),
    ("5511988880011", "Yuki", "ゆき", None, "ありがとうございます！", False, 98, 0),
    ("351912345678", "Tiago (Lisboa)", "Tiago", None, "Combinado, até já.", False, 122, 0),
)  # fmt: skip


class Shop:
    """What stands in the database; ids of the chats by the names that they are shown by."""

    def __init__(self, rows: Rows, now: datetime) -> None:
        self.rows = rows
        self.now = now
        self.chats: dict[str, UUID] = {}
        self.people: dict[str, UUID] = {}

    def ago(self, **amount: float) -> datetime:
        return self.now - timedelta(**amount)


def furnish(rows: Rows, now: datetime) -> Shop:
    """Fill one instance that has no rows yet; `now` is the moment of the last message."""
    shop = Shop(rows, now)
    _small_talk(shop)
    _maria(shop)
    _team(shop)
    _others(shop)
    return shop


def _person(shop: Shop, number: str, shown: str, **names: Any) -> tuple[UUID, UUID]:
    unread, drawn = names.pop("unread", 0), names.pop("is_drawn", True)
    contact = shop.rows.contact(number, shop.ago(days=40), **names)
    if drawn:
        shop.rows.picture(contact, portrait(number), shop.now)
    chat = shop.rows.chat(shop.ago(days=40), contact_id=contact, unread_count=unread)
    shop.people[shown], shop.chats[shown] = contact, chat
    return contact, chat


def _small_talk(shop: Shop) -> None:
    for n, (number, name, push_name, business, last, is_own, hours, unread) in enumerate(_PEOPLE):
        shown = name or business or push_name or number
        names = {
            "name": name,
            "push_name": push_name,
            "business_name": business,
            "unread": unread,
            "is_drawn": n % 3 != 1,
        }
        contact, chat = _person(shop, number, shown, **names)
        shop.rows.message(chat, shop.ago(hours=hours + 1), "Oi, tudo bem?", sender=contact)
        shop.rows.message(chat, shop.ago(hours=hours), last, sender=None if is_own else contact)
    stranger = shop.rows.contact(None, shop.ago(days=1), push_name="Renata", lid="81234567890123@lid")
    chat = shop.rows.chat(shop.ago(days=1), contact_id=stranger, unread_count=12, muted_until="infinity")
    shop.rows.message(chat, shop.ago(hours=20), "Vi o anúncio de vocês!", sender=stranger, details=_AD)
    shop.chats["Renata"] = chat


_AD: Final = {"ad": {"title": "Pães artesanais", "body": "Peça pelo WhatsApp", "source_type": "ad", "source_id": "1"}}


def _maria(shop: Shop) -> None:
    """Days of talk in every kind, the newest a few minutes old."""
    maria, chat = _person(shop, "5511988887777", MARIA, name=MARIA, push_name="Maria", unread=2)
    say = shop.rows.message
    day = shop.ago(days=9)
    for n in range(60):
        text = f"Mensagem antiga número {n + 1}, sobre o pedido da semana."
        say(chat, day + timedelta(minutes=n), text, sender=maria if n % 3 else None)
    _what_people_send(shop, maria, chat)
    at = shop.ago(minutes=50)
    asked = say(chat, at, "Bom dia! Vocês abrem amanhã, que é feriado?", sender=maria)
    told = say(chat, at + timedelta(minutes=1), "Abrimos sim, das 7h às 13h. 😊", answers=asked)
    shop.rows.react(chat, at + timedelta(minutes=2), "❤️", told, sender=maria)
    long = "Então quero encomendar: dois pães de campanha, uma focaccia de alecrim e uma dúzia de brioches.\n\n" * 3
    say(chat, at + timedelta(minutes=3), long.strip(), sender=maria)
    say(chat, at + timedelta(minutes=4), "Anotado!", status="delivered")
    say(chat, at + timedelta(minutes=5), "O total fica em R$ 148,00.", status="sent")
    refused = {"error_code": "463", "error_detail": "WhatsApp refused the new chat."}
    say(chat, at + timedelta(minutes=6), "Posso mandar o Pix por aqui?", status="failed", **refused)
    say(chat, at + timedelta(minutes=30), "Pode sim", sender=maria)
    say(chat, at + timedelta(minutes=45), "Vou passar aí às 8h para buscar 🙌", sender=maria)


def _what_people_send(shop: Shop, maria: UUID, chat: UUID) -> None:
    at = shop.ago(days=2)
    for n, (kind, is_theirs, text, details, media) in enumerate(_KINDS):
        moment = at + timedelta(minutes=3 * n)
        edited = moment if details and details.get("edited") else None
        shown = {key: value for key, value in (details or {}).items() if key != "edited"} or None
        shop.rows.message(
            chat, moment, text, sender=maria if is_theirs else None, kind=kind, details=shown, media=media,
            edited_at=edited,
        )  # fmt: skip


def _file(kind: str, mime_type: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "mime_type": mime_type, **fields}


_PHOTO: Final = data_url(landscape("photo"))
_SMALL: Final = data_url(landscape("place", 200, 100))
_KINDS: Final[tuple[tuple[str, bool, str | None, dict[str, Any] | None, dict[str, Any] | None], ...]] = (
    ("imageMessage", True, "Olha como ficou o bolo da outra vez", None,
     _file("image", "image/jpeg", size_bytes=184_320, width=1200, height=800, thumbnail=_PHOTO)),
    ("videoMessage", True, None, None,
     _file("video", "video/mp4", size_bytes=4_718_592, seconds=34, width=720, height=480, thumbnail=_PHOTO)),
    ("audioMessage", True, None, None, _file("voice", "audio/ogg; codecs=opus", size_bytes=23_040, seconds=47)),
    ("documentMessage", False, "Segue o cardápio", {"pages": 4},
     _file("document", "application/pdf", file_name="Cardápio de inverno – preços revisados (final) v2.pdf",
           size_bytes=1_258_291)),
    ("stickerMessage", True, None, {"sticker": {"emojis": ["😂"]}},
     _file("sticker", "image/webp", width=512, height=512)),
    ("locationMessage", True, None,
     {"location": {"latitude": -23.561414, "longitude": -46.655881, "name": "Padaria do Bairro",
                   "address": "Av. Paulista, 1578 – Bela Vista, São Paulo"}},
     {"kind": "preview", "thumbnail": _SMALL}),
    ("contactMessage", True, None,
     {"contacts": [{"name": "Seu Antônio (entregas)", "numbers": [{"number": "+55 11 97777-1234",
                                                                  "phone_number": "5511977771234"}]}]}, None),
    ("pollCreationMessageV3", True, "Qual sabor para sexta?",
     {"poll": {"question": "Qual sabor para sexta?", "options": ["Cenoura", "Chocolate", "Fubá com goiabada"],
               "most_choices": 1}}, None),
    ("extendedTextMessage", True, "Viu esta receita? https://example.com/focaccia",
     {"link": {"url": "https://example.com/focaccia", "title": "Focaccia em 4 passos",
               "description": "Massa de longa fermentação, azeite bom e paciência."}}, None),
    ("extendedTextMessage", False, LONG_WORD, None, None),
    ("orderMessage", True, "Quero esses, por favor",
     {"order": {"id": "1", "title": "Pedido", "items": 3, "total": {"amount": "148.00", "currency": "BRL"}}}, None),
    ("requestPaymentMessage", False, "Encomenda de sexta",
     {"payment": {"step": "requested", "amount": "148.00", "currency": "BRL"}}, None),
    ("callLogMesssage", True, None, {"call": {"outcome": "missed"}}, None),
    ("listMessage", False, "Escolha o horário da retirada",
     {"list": {"title": "Retirada", "button": "Ver horários", "footer": "Padaria do Bairro", "sections": [
         {"title": "Manhã", "options": [{"id": "1", "text": "8h"}, {"id": "2", "text": "10h"}]}]}}, None),
    ("listResponseMessage", True, "8h", {"chosen": {"id": "1", "text": "8h"}}, None),
    ("buttonsMessage", False, "Confirma o pedido?",
     {"choices": {"buttons": [{"id": "s", "text": "Sim"}, {"id": "n", "text": "Não"}]}}, None),
    ("eventMessage", True, "Vamos comemorar!",
     {"event": {"name": "Aniversário da Helena", "starts_at": "2030-06-21T18:00:00Z",
                "location": {"name": "Salão do prédio"}}}, None),
    ("imageMessage", True, None, {"is_view_once": True}, _file("image", "image/jpeg", size_bytes=90_000)),
    ("conversation", True, None, {"deleted": True}, None),
    ("conversation", True, "Chego às 9h (não 8h)", {"edited": True}, None),
    ("extendedTextMessage", True, "Promoção só hoje: encaminhe a todos!",
     {"is_forwarded": True, "forwarding_score": 7}, None),
    ("groupInviteMessage", True, "Entra no grupo das encomendas",
     {"group_invite": {"jid": "120363000000000001@g.us", "name": "Encomendas 🎂"}}, None),
    ("unknown", True, None, None, None),
    ("stub", False, None, {"type": "CHANGE_EPHEMERAL_SETTING", "params": ["604800"]}, None),
)  # fmt: skip


def _team(shop: Shop) -> None:
    """A group with a picture, several people who write, one of them twice in a row."""
    ana, carlos = shop.people["Ana Beatriz"], shop.people[FLOUR]
    chat = shop.rows.chat(
        shop.ago(days=30), kind="group", jid="120363000000000002@g.us", name=TEAM, unread_count=3,
        description="Escalas e avisos da padaria", pinned_at=shop.ago(days=3),
    )  # fmt: skip
    shop.rows.picture(chat, landscape(TEAM, 96, 96), shop.now)
    joao, stranger = shop.people["João Pedro"], shop.rows.contact(None, shop.ago(days=30), lid="99887766554433@lid")
    shop.rows.members(chat, {ana: "superadmin", carlos: "member", joao: "admin", stranger: "member"})
    say, at = shop.rows.message, shop.ago(hours=1)
    say(chat, at, None, kind="stub", details={"type": "GROUP_CREATE", "params": [TEAM]}, status="received")
    first = say(chat, at + timedelta(minutes=1), "Quem abre amanhã?", sender=ana)
    say(chat, at + timedelta(minutes=2), "Eu posso", sender=joao)
    say(chat, at + timedelta(minutes=2, seconds=30), "Chego 6h30", sender=joao, answers=first)
    say(chat, at + timedelta(minutes=4), "Entrego a farinha às 7h, alguém me recebe?", sender=carlos)
    said = say(chat, at + timedelta(minutes=5), "Eu recebo. Obrigada, gente!", details={"mentions": []})
    shop.rows.react(chat, at + timedelta(minutes=6), "👍", said, sender=joao)
    shop.rows.react(chat, at + timedelta(minutes=6), "👍", said, sender=ana)
    say(chat, at + timedelta(minutes=8), "Bom dia a todos!", sender=stranger)
    shop.chats[TEAM] = chat


_LOUD: Final[dict[str, Any]] = {"unread_count": 999, "muted_until": "infinity"}


def _others(shop: Shop) -> None:
    """A long name, a group that was left, an archived one, a channel, a chat in which nothing was written."""
    ana = shop.people["Ana Beatriz"]
    say = shop.rows.message
    fields: tuple[tuple[str, dict[str, Any]], ...] = (
        (
            LONG_NAME,
            {"kind": "group", "jid": "120363000000000003@g.us", "unread_count": 999, "muted_until": "infinity"},
        ),
        ("Feira de sábado", {"kind": "group", "jid": "120363000000000004@g.us", "left_at": shop.ago(days=4)}),
        ("Receitas", {"kind": "group", "jid": "120363000000000005@g.us", "is_archived": True}),
        ("Padarias do Brasil", {"kind": "newsletter", "jid": "120363000000000006@newsletter", "is_announce": True}),
    )
    for n, (name, columns) in enumerate(fields):
        chat = shop.rows.chat(shop.ago(days=20), name=name, **columns)
        say(chat, shop.ago(days=1 + n), "Pessoal, a lista da semana já está aberta.", sender=ana)
        shop.chats[name] = chat
    _person(shop, "5511988880099", "Nova cliente", name="Nova cliente", is_drawn=False)


def live_through(rows: Rows, now: datetime) -> None:
    """A timeline that answers "why did it disconnect?", the newest step last."""
    steps: tuple[tuple[float, str, str | None, dict[str, Any]], ...] = (
        (72, "created", None, {}),
        (71.9, "scan_qr", "awaiting_scan", {}),
        (71.8, "paired", "pairing", {}),
        (71.7, "connected", "connected", {}),
        (30, "connection_lost", "reconnecting", {"detail": "read: connection reset by peer"}),
        (29.9, "connected", "connected", {}),
        (2, "unlinked", "logged_out", {}),
    )
    rows.timeline([(now - timedelta(hours=hours), code, state, params) for hours, code, state, params in steps])
