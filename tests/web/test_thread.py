"""One conversation over HTTP: what each kind of message shows, sending once, reading, the beginning, the panel."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from recado.domain.media import Media
from recado.web.names import shown_phone
from tests.api.door import House
from tests.waiting import until
from tests.web.browser import Browser, Seen
from tests.web.test_chats import Desk, new_number

PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


@pytest.fixture
async def desk(house: House, browser: Browser) -> Desk:
    return Desk(house, browser)


@pytest.fixture
def ana() -> str:
    """Her number; no other test knows her."""
    return new_number()


@pytest_asyncio.fixture(loop_scope="module")
async def chat(desk: Desk, ana: str) -> str:
    """With Ana, who has written once."""
    return await desk.hear("Oi", ana, push_name="Ana")


def bubbles(seen: Seen) -> list[str]:
    assert seen.status == 200, seen.text
    inside = seen.html.partition('<ol id="thread"')[2].partition("</ol>")[0] or seen.html
    return re.split(r'(?=<li class="line )', inside)[1:]


def last(seen: Seen) -> str:
    return bubbles(seen)[-1]


async def test_a_form_sent_twice_is_one_message(desk: Desk, chat: str):
    path, once = f"/chats/{chat}/messages", uuid4().hex
    for _ in range(2):
        await desk.browser.post(path, text="Uma vez só", once=once)
    await desk.browser.post(path, text="Uma vez só", once=uuid4().hex)
    seen = await desk.browser.get(f"/chats/{chat}")
    assert sum("Uma vez só" in one for one in bubbles(seen)) == 2


async def test_a_message_that_was_sent_shows_how_far_it_is(desk: Desk, ana: str, chat: str):
    form = {"text": "Chegou?", "once": uuid4().hex}
    sent = await desk.browser.post(f"/chats/{chat}/messages", {"HX-Request": "true"}, **form)
    assert "Chegou?" in last(sent)
    wa_id = re.search(r'data-wa="([^"]+)"', last(sent)).group(1)
    session = await desk.session()

    async def is_sent() -> bool:
        return 'class="ticks sent"' in last(await desk.browser.get(f"/chats/{chat}"))

    await until(is_sent)
    await desk.house.engine.receipt(session, wa_id, type="read", sender=f"{ana}@s.whatsapp.net")
    assert 'class="ticks read"' in last(await desk.browser.get(f"/chats/{chat}"))


async def test_an_answer_shows_what_it_answers_and_leads_to_it(desk: Desk):
    asked = uuid4().hex.upper()  # as phones with Android make them
    chat = await desk.hear("Tem pão?", new_number(), push_name="Bia", wa_id=asked)
    await desk.browser.post(f"/chats/{chat}/messages", text="Tem sim", quoted=asked, once=uuid4().hex)
    shown = last(await desk.browser.get(f"/chats/{chat}"))
    assert f'data-goto="{asked}"' in shown
    assert re.search(r"<bdi>Bia</bdi>.*Tem pão\?", shown, re.S)
    around = await desk.browser.part(f"/chats/{chat}/window?around={asked}")
    assert "data-focus" in around.html


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"kind": "imageMessage", "text": "Olha", "media": Media(kind="image", thumbnail=PNG)},
         ["Photo", "Olha", "/thumbnail"]),
        ({"kind": "audioMessage", "text": None, "media": Media(kind="voice", seconds=47)}, ["Voice message", "0:47"]),
        ({"kind": "documentMessage", "text": None, "details": {"pages": 4},
          "media": Media(kind="document", file_name="Cardápio.pdf", size_bytes=1_258_291)},
         ["Cardápio.pdf", "1.2 MB", "4 pages"]),
        ({"kind": "locationMessage", "text": None,
          "details": {"location": {"latitude": -23.5, "longitude": -46.6, "name": "Padaria"}}},
         ["Padaria", "openstreetmap.org"]),
        ({"kind": "contactMessage", "text": None,
          "details": {"contacts": [{"name": "Zé", "numbers": [{"number": "+55 11 9"}]}]}}, ["Zé", "+55 11 9"]),
        ({"kind": "pollCreationMessage", "text": "Qual?",
          "details": {"poll": {"question": "Qual?", "options": ["Um", "Dois"]}}}, ["Qual?", "Um", "Dois"]),
        ({"kind": "stickerMessage", "text": None, "media": Media(kind="sticker")}, ["Sticker"]),
        ({"kind": "callLogMesssage", "text": None, "details": {"call": {"outcome": "missed", "is_video": True}}},
         ["Video call", "missed"]),
        ({"kind": "requestPaymentMessage", "text": "Pão",
          "details": {"payment": {"amount": "9.50", "currency": "BRL", "step": "requested"}}},
         ["Payment request", "BRL 9.50", "Pão"]),
        ({"kind": "someNewMessage", "text": None}, ["someNewMessage"]),
        ({"kind": "unknown", "text": None}, ["Message that cannot be read"]),
        ({"kind": "stub", "text": None, "details": {"type": "GROUP_CREATE"}}, ["The group was created"]),
        ({"kind": "conversation", "text": None, "details": {"deleted": True}}, ["This message was deleted"]),
        ({"kind": "extendedTextMessage", "text": "https://example.com/a.", "details": {"is_forwarded": True}},
         ["Forwarded", '<a href="https://example.com/a" target="_blank"']),
    ],
)  # fmt: skip
async def test_every_kind_of_message_shows_something(
    desk: Desk, ana: str, chat: str, fields: dict[str, Any], expected: list[str]
):
    session, engine = await desk.session(), desk.house.engine
    told = engine.incoming(session, text=fields["text"] or "", sender=f"{ana}@s.whatsapp.net")
    await engine.offer(session, replace(told, **fields))
    shown = last(await desk.browser.get(f"/chats/{chat}"))
    assert all(one in shown for one in expected), shown


HOSTILE = [
    ("<script>alert(1)</script>", "<script>alert"),
    ("<img src=x onerror=alert(1)>", "<img src=x"),
    ('https://example.com/"onmouseover="alert(3)', ' onmouseover="'),
    ("javascript:alert(1)", 'href="javascript'),
    ("{{ 'ja' * 20 }}", "ja" * 20),
    ("<div hx-get='/' hx-trigger='load'>", "<div hx-get"),
]


@pytest.mark.parametrize(("text", "never"), HOSTILE)
async def test_what_is_written_is_never_html(desk: Desk, ana: str, chat: str, text: str, never: str):
    link = {"link": {"url": text, "title": text, "description": text}}
    await desk.hear(text, ana, kind="extendedTextMessage", details=link)
    shown = last(await desk.browser.get(f"/chats/{chat}"))
    assert never not in re.sub(r'title="[^"]*"|data-[a-z]+="[^"]*"', "", shown)


@pytest.mark.parametrize("text", ["😀" * 4_000, "a" * 1_000_000, "a" + "\n" * 300 + "x", "palavra " * 20_000])
async def test_a_long_text_is_folded_and_can_be_shown_whole(desk: Desk, ana: str, chat: str, text: str):
    await desk.hear(text, ana)
    shown = last(await desk.browser.get(f"/chats/{chat}"))
    assert len(shown) < 8_000
    [path] = re.findall(r'hx-get="(/chats/[^"]*/messages/[^"]*)"', shown)
    whole = await desk.browser.part(path)
    assert text in whole.html


async def test_in_a_group_each_writer_has_a_name_and_a_colour_that_stays(desk: Desk):
    session, group = await desk.session(), {"chat": "1203@g.us", "is_group": True}
    ana, bia = new_number(), new_number()
    for number, name in ((ana, "Ana"), (bia, "Bia"), (ana, "Ana")):
        sender = f"{number}@s.whatsapp.net"
        await desk.house.engine.receive(session, text=f"de {name}", sender=sender, push_name=name, **group)
    shown = bubbles(await desk.browser.get(f"/chats/{desk.house.known['group_id']}"))[-3:]
    writers = [re.search(r'class="writer (hue-\d)"><bdi>(.*?)</bdi>', one).groups() for one in shown]
    assert [name for _, name in writers] == ["Ana", "Bia", "Ana"]
    assert writers[0] == writers[2]


async def test_looking_at_it_reads_it_here_and_at_whatsapp(desk: Desk):
    chat = await desk.hear("Oi", new_number(), push_name="Caio")
    assert (await desk.browser.post(f"/chats/{chat}/read")).status == 204
    seen = await desk.browser.part("/chats/list?show=unread")
    assert f"chat-{chat}" not in seen.html


async def test_where_the_number_is_not_connected_it_says_what_becomes_of_a_message(desk: Desk):
    made = await desk.house.door.post("/v1/instances/filial/messages", {"to": f"+{new_number()}", "text": "Oi"})
    chat = made.body["chat"]["id"]
    seen = await desk.browser.get(f"/chats/{chat}")
    assert "filial is stopped. What you send waits here" in seen.text
    assert "Waits to be sent. Take it back" in seen.text
    assert (await desk.browser.post(f"/chats/{chat}/read")).headers["recado-unread"] == "kept"
    cancelled = await desk.browser.post(f"/chats/{chat}/messages/{made.body['id']}/cancel", {"HX-Request": "true"})
    assert 'class="ticks cancelled"' in last(cancelled)


async def test_whoever_may_only_read_is_told_so(desk: Desk, chat: str, stranger: Browser):
    key = await desk.house.door.new_key("messages:read")
    await stranger.sign_in(key.key or "")
    seen = await stranger.get(f"/chats/{chat}")
    assert "Your key lets you read, not send." in seen.text
    assert "data-reply" not in seen.html
    assert (await stranger.post(f"/chats/{chat}/messages", text="x", once=uuid4().hex)).status == 403


async def test_windows_lead_through_the_conversation(desk: Desk):
    number = new_number()
    for n in range(70):
        chat = await desk.hear(f"n{n}.", number)
    page = await desk.browser.get(f"/chats/{chat}")
    oldest = re.search(r'id="m-([^"]+)"', page.html).group(1)
    assert "data-has-older" in page.html
    before = await desk.browser.part(f"/chats/{chat}/window?older={oldest}")
    first = await desk.browser.part(f"/chats/{chat}/window?first=true")
    assert len(bubbles(page)) == 60
    assert [re.search(r"n\d+\.", one).group() for one in bubbles(before)] == [f"n{n}." for n in range(10)]
    assert "data-has-newer" in first.html
    assert "n0." in bubbles(first)[0]


async def test_the_beginning_says_what_the_phone_may_have(desk: Desk, chat: str):
    seen = await desk.browser.get(f"/chats/{chat}")
    assert "The phone may have older ones." in seen.text
    asked = await desk.browser.post(f"/chats/{chat}/older", {"HX-Request": "true"})
    assert asked.status == 200

    async def is_over() -> bool:
        return "asked" not in re.search(r'class="thread-start (\w+)', (await beginning()).html).group(1)

    async def beginning() -> Seen:
        return await desk.browser.part(f"/chats/{chat}/older")

    await until(is_over)
    assert "The phone sent nothing older." in (await beginning()).text


async def test_the_panel_tells_all_that_is_known(desk: Desk, ana: str, chat: str):
    seen = await desk.browser.part(f"/chats/{chat}/panel")
    assert shown_phone(ana) in seen.text
    group = await desk.browser.part(f"/chats/{desk.house.known['group_id']}/panel")
    assert "Equipe" in group.text


async def test_pictures_are_images_and_nothing_else(desk: Desk, ana: str, chat: str):
    face = await desk.browser.get(f"/chats/{desk.house.known['chat_id']}/picture")
    assert face.headers["content-type"] == "image/jpeg"
    assert "sandbox" in face.headers["content-security-policy"]
    script = "data:image/png;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="
    await desk.hear("x", ana, kind="imageMessage", media=Media(kind="image", mime_type="text/html", thumbnail=script))
    shown = last(await desk.browser.get(f"/chats/{chat}"))
    id = re.search(r'id="m-([^"]+)"', shown).group(1)
    assert "/thumbnail" not in shown
    assert (await desk.browser.get(f"/chats/{chat}/messages/{id}/thumbnail")).status == 404


async def test_what_is_not_there_is_said(desk: Desk, chat: str):
    assert (await desk.browser.get(f"/chats/{uuid4()}")).status == 404
    assert (await desk.browser.part(f"/chats/{chat}/window?around=nonsense")).status == 404
    assert (await desk.browser.get(f"/chats/{chat}?at=nonsense")).status == 200
    empty = await desk.browser.post(f"/chats/{chat}/messages", {"HX-Request": "true"}, text="  ", once=uuid4().hex)
    assert (empty.status, empty.headers["hx-retarget"]) == (422, "#notices")
