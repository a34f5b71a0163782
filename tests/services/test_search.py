"""Search in what was written: words in two languages, accents, beginnings, phrases; pages; what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from recado.domain.errors import Invalid
from recado.domain.instances import Instance
from recado.domain.message_filter import MessageFilter
from recado.domain.snippets import Snippet
from recado.services.reading.messages import Messages
from recado.store import search
from recado.store.database import Database
from recado.store.plain_text import document
from tests.services.reading import instance_of, pages
from tests.stillclock import StillClock
from tests.store.house import BY_PHONE, GROUP, House, at

TEXTS = [
    "Bom dia! As informações do pedido chegaram",
    "O pedido está na reunião",
    "Segunda reunião: dia bom para conversar",
    "Your orders are running late",
    "Ana's file-name_v2.pdf em https://example.com/a?b=1",
    "Ligue para +55 11 98888-7777",
    "JOÃO não quer café ☕",
]


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


@pytest.fixture
async def instance(house: House) -> Instance:
    return await instance_of(house)


@pytest.fixture
async def reading(db: Database) -> Messages:
    return Messages(db)


async def found(reading: Messages, instance: Instance, text: str, *args: Any, **options: Any) -> list[str | None]:
    return [hit.message.text for hit in await pages(reading.search, instance, text, *args, **options)]


def numbers(texts: list[str | None]) -> list[int]:
    return [TEXTS.index(text or "") for text in texts]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("pedido", [1, 0]),
        ("PEDIDOS", [1, 0]),
        ("informação", [0]),
        ("informacao", [0]),
        ("reuniões", [2, 1]),
        ("reunioes pedido", [1]),
        ("order", [3]),
        ("run late", [3]),
        ("joao", [6]),
        ("café", [6]),
        ("☕", [6]),
        ("não", [6]),
        ("pedi", [1, 0]),
        ("conv", [2]),
        ("conv ", []),
        ("infor", [0]),
        ('"bom dia"', [0]),
        ('"dia bom"', [2]),
        ('"BOM  DIA"', [0]),
        ('"do pedido" chegou', [0]),
        ('"pedido', [1, 0]),
        ("bom dia", [2, 0]),
        ("98888-7777", [5]),
        ("file-name_v2.pdf", [4]),
        ("example.com", [4]),
        ("pedido & ! | ( :* '", [1, 0]),
        ("agulha", []),
        ("o pedido", [1, 0]),
    ],
)
async def test_what_is_found(house: House, instance: Instance, reading: Messages, asked: str, expected: list[int]):
    await house.hear(*[house.text(text, sent_at=at(n)) for n, text in enumerate(TEXTS)])
    assert numbers(await found(reading, instance, asked)) == expected


async def test_what_is_quoted_is_found_too(house: House, instance: Instance, reading: Messages):
    await house.hear(house.text("Sim", quoted_text="Quer o orçamento?"), house.text("Não"))
    assert await found(reading, instance, "orcamento") == ["Sim"]


async def test_asides_and_what_was_deleted_are_not_found(house: House, instance: Instance, reading: Messages):
    first, second = house.text("segredo um"), house.text("segredo dois")
    edit = {"change": "edit", "kind": "protocolMessage", "target_wa_id": second.wa_id, "details": {"change": "edit"}}
    deletion = edit | {"change": "delete", "target_wa_id": first.wa_id, "details": {"change": "delete"}}
    await house.hear(first, second, house.text("segredo três", **edit), house.text(None, raw=b"x", **deletion))
    assert await found(reading, instance, "segredo") == ["segredo três"]


async def test_only_the_own_instance_is_searched(house: House, instance: Instance, reading: Messages):
    other = await House(house.database, house.clock, "outra").open()
    await other.hear(other.text("pedido deles"))
    await house.hear(house.text("pedido nosso"))
    assert await found(reading, instance, "pedido") == ["pedido nosso"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (MessageFilter(from_me=True), [3]),
        (MessageFilter(kinds=("imageMessage",)), [2]),
        (MessageFilter(since=at(1)), [3, 2, 1]),
        (MessageFilter(until=at(1)), [0]),
    ],
)
async def test_only_what_is_wanted(
    house: House, instance: Instance, reading: Messages, options: MessageFilter, expected: list[int]
):
    await house.hear(
        house.text("pedido 0"),
        house.text("pedido 1", chat=GROUP, sent_at=at(1)),
        house.text("pedido 2", kind="imageMessage", sent_at=at(2)),
        house.own("pedido 3", sent_at=at(3)),
    )
    assert await found(reading, instance, "pedido", options) == [f"pedido {n}" for n in expected]


async def test_one_chat_is_searched_alone(house: House, instance: Instance, reading: Messages):
    await house.hear(house.text("pedido 0"), house.text("pedido 1", chat=GROUP))
    group = await house.value("SELECT id FROM public.whatsapp_chats WHERE kind = 'group'")
    assert await found(reading, instance, "pedido", chat_id=group) == ["pedido 1"]


async def test_two_megabytes_are_found_by_their_beginning(house: House, instance: Instance, reading: Messages):
    long = "começo " + "palavra " * 250_000 + "fim"
    await house.hear(house.text(long), house.text("x" * 100_000))
    assert await found(reading, instance, "comeco") == [long]
    assert await found(reading, instance, "fim") == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("", "search_without_words"),
        ("   ", "search_without_words"),
        ("a", "search_too_short"),
        ("é", "search_too_short"),
        (" 7 ", "search_too_short"),
        ("& | ! <-> ()", "search_without_words"),
        ('""', "search_without_words"),
        ("'", "search_without_words"),
        ("a do no", "search_too_common"),
        ("de o que", "search_too_common"),
        ("the", "search_too_common"),
        ("x" * 201, "search_too_long"),
        ("ab " * 17, "search_too_long"),
    ],
)
async def test_a_search_for_nothing_is_refused_with_a_sentence(
    instance: Instance, reading: Messages, asked: str, code: str
):
    with pytest.raises(Invalid) as refused:
        await reading.search(instance, asked)
    assert (refused.value.code, refused.value.extra["field"]) == (code, "search")


async def test_a_cursor_of_another_search_is_refused(house: House, instance: Instance, reading: Messages):
    await house.hear(*[house.text("pedido novo") for _ in range(3)])
    page = await reading.search(instance, "pedido", limit=1)
    with pytest.raises(Invalid):
        await reading.search(instance, "novo", after=page.next)
    with pytest.raises(Invalid):
        await reading.list(instance, after=page.next)


@pytest.mark.parametrize("chat", [False, True])
async def test_common_words_are_found_step_by_step_and_completely(
    house: House, instance: Instance, reading: Messages, monkeypatch: pytest.MonkeyPatch, chat: bool
):
    monkeypatch.setattr(search, "FEW", 5)
    monkeypatch.setattr(search, "WINDOW", 4)
    monkeypatch.setattr(search, "STEPS", 3)
    texts = [f"pedido {n}" if n % 3 == 0 or n < 20 else f"nada {n}" for n in range(120)]
    await house.hear(*[house.text(text, sent_at=at(n)) for n, text in enumerate(texts)])
    options = {"chat_id": await house.value("SELECT id FROM public.whatsapp_chats")} if chat else {}
    expected = [text for text in reversed(texts) if text.startswith("pedido")]
    for limit in (1, 3, 50):
        assert await found(reading, instance, "pedido", limit=limit, **options) == expected
    assert await found(reading, instance, "pedido", MessageFilter(until=at(1)), limit=3, **options) == ["pedido 0"]
    recent = [text for text in expected if int(text.split()[1]) >= 100]
    assert await found(reading, instance, "pedido", MessageFilter(since=at(100)), limit=3, **options) == recent


async def test_a_hit_shows_where_it_is(house: House, instance: Instance, reading: Messages):
    await house.hear(house.text("Olá, as informações do Pedido chegaram", quoted_text="e o café?"))
    [hit] = (await reading.search(instance, "informacao pedido")).items
    assert hit.snippet is not None
    assert shown(hit.snippet) == ["informações", "Pedido"]
    [quoted] = (await reading.search(instance, "cafe")).items
    assert quoted.snippet is not None
    assert (quoted.snippet.field, shown(quoted.snippet)) == ("quoted_text", ["café"])


def shown(snippet: Snippet) -> list[str]:
    return [snippet.text[a:b] for a, b in snippet.highlights]


async def test_the_index_has_the_expression_that_searches_ask_for(house: House):
    await house.hear(house.text("pedido", who=BY_PHONE))
    query = f"SELECT FROM public.whatsapp_messages m WHERE m.target_wa_id IS NULL AND {document('m')} @@ 'ped'::tsquery"
    async with house.database.transaction() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        cursor = await tx.execute(f"EXPLAIN {query}")
        plan = "\n".join(line for (line,) in await cursor.fetchall())
    assert "Bitmap Index Scan on whatsapp_messages_search" in plan
