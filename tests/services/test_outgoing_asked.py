"""What may be asked to be sent, and what is answered: keys that repeat a request, refusals, quotes, numbers."""

from __future__ import annotations

import asyncio

import pytest

from recado.clock import SystemClock
from recado.domain.engine import Resolved
from recado.domain.errors import Conflict, Invalid, NotFound
from recado.domain.messages import message_json
from tests.services.post import MARIA, an_instance, office


@pytest.fixture
async def post(db):
    async with office(db, SystemClock()) as post:
        yield post


async def test_a_key_gives_the_first_answer_again(post):
    instance = await post.open(is_connected=False)
    first = await post.outgoing.accept(instance, to=MARIA, text="Oi", idempotency_key="k")
    again = await post.outgoing.accept(instance, to=MARIA, text="Oi", idempotency_key="k")
    assert (message_json(again.message), again.is_repeat) == (message_json(first.message), True)
    assert (await post.queue_length(), len(await post.events())) == (1, 1)


async def test_a_key_used_at_the_same_time_is_one_message(post):
    instance = await post.open(is_connected=False)
    requests = [post.outgoing.accept(instance, to=MARIA, text="Oi", idempotency_key="k") for _ in range(20)]
    answers = await asyncio.gather(*requests)
    assert len({answer.message.id for answer in answers}) == 1
    assert [answer.is_repeat for answer in answers].count(False) == 1
    assert await post.queue_length() == 1


@pytest.mark.parametrize("other", [{"text": "Tchau"}, {"to": "+5511988880000"}])
async def test_a_key_of_another_message_is_a_conflict(post, other):
    instance = await post.open(is_connected=False)
    await post.outgoing.accept(instance, to=MARIA, text="Oi", idempotency_key="k")
    with pytest.raises(Conflict) as caught:
        await post.outgoing.accept(instance, **({"to": MARIA, "text": "Oi"} | other), idempotency_key="k")
    assert (caught.value.code, await post.queue_length()) == ("idempotency_conflict", 1)


async def test_a_key_belongs_to_one_instance(post):
    one, other = await post.open("a", is_connected=False), await post.open("b", is_connected=False)
    for instance in (one, other):
        assert not (await post.outgoing.accept(instance, to=MARIA, text="Oi", idempotency_key="k")).is_repeat


async def test_without_a_connection_a_request_that_needs_one_writes_nothing(post):
    instance = await post.open(is_connected=False)
    with pytest.raises(Conflict) as caught:
        await post.outgoing.accept(instance, to=MARIA, text="Oi", must_be_connected=True)
    assert caught.value.code == "not_connected"
    assert (await post.queue_length(), await post.events()) == (0, [])


async def test_without_a_connection_a_repeat_still_gets_its_first_answer(post):
    instance = await post.open(is_connected=False)
    first = await post.send(instance, idempotency_key="k")
    again = await post.outgoing.accept(instance, to=MARIA, text="Oi", idempotency_key="k", must_be_connected=True)
    assert (message_json(again.message), again.is_repeat) == (message_json(first), True)


@pytest.mark.parametrize("wrong", [{"text": ""}, {"text": "x" * 65_537}, {"to": "123"}, {"quoted": "3EB0UNKNOWN"}])
async def test_bad_input_is_refused_and_writes_nothing(post, wrong):
    instance = await post.open()
    with pytest.raises(Invalid) as caught:
        await post.outgoing.accept(instance, **({"to": MARIA, "text": "Oi"} | wrong))
    assert caught.value.extra["field"] == next(iter(wrong))
    assert (await post.queue_length(), await post.events()) == (0, [])


async def test_the_longest_text_goes_through(post):
    instance = await post.open()
    text = "👋" * 65_536
    assert (await post.settled(await post.send(instance, text))).status == "sent"
    assert post.texts() == [text]


async def test_an_instance_that_was_removed_meanwhile_is_not_found_and_hurts_nobody_in_the_same_commit(post):
    instance = await post.open(is_connected=False)
    gone = an_instance(post.clock, "gone", "disconnected")
    answers = await asyncio.gather(
        post.outgoing.accept(gone, to=MARIA, text="Oi"),
        *(post.outgoing.accept(instance, to=MARIA, text=f"{n}") for n in range(5)),
        return_exceptions=True,
    )
    assert isinstance(answers[0], NotFound)
    assert await post.queue_length() == 5


async def test_many_requests_at_once_share_their_commits(post):
    instance = await post.open(is_connected=False)
    await asyncio.gather(*(post.send(instance, f"{n}") for n in range(100)))
    assert await transactions(post) < 20
    assert await post.queue_length() == 100


async def test_an_answer_quotes_a_message_of_ours_or_of_theirs(post):
    instance = await post.open()
    first = await post.send(instance, "Oi")
    answer = await post.send(instance, "Olá de novo", quoted=first.wa_id)
    await post.settled(answer)
    context = post.engine.sent[answer.wa_id].content["extendedTextMessage"]["contextInfo"]
    assert (context["stanzaID"], context["quotedMessage"]) == (first.wa_id, {"conversation": "Oi"})
    kept = await post.read(answer)
    assert (kept.quoted_wa_id, kept.quoted_text) == (first.wa_id, "Oi")
    assert kept.details == {"quoted": {"sender": context["participant"], "kind": "conversation"}}
    assert (answer.quoted_text, answer.details) == (kept.quoted_text, kept.details)


async def test_the_number_that_whatsapp_knows_is_stored_and_answered(post):
    instance = await post.open()
    post.engine.accounts[MARIA] = Resolved(
        query=MARIA, is_registered=True, jid="551188887777@s.whatsapp.net", lid="77@lid"
    )
    message = await post.send(instance)
    contact = message.chat.contact
    assert contact is not None
    assert (contact.phone_number, contact.lid) == ("551188887777", "77@lid")
    await post.settled(message)
    assert post.engine.sent[message.wa_id].to == "551188887777@s.whatsapp.net"


async def test_a_number_that_is_not_on_whatsapp_is_refused_before_anything_is_written(post):
    instance = await post.open()
    post.engine.accounts[MARIA] = Resolved(query=MARIA, is_registered=False)
    with pytest.raises(Invalid) as caught:
        await post.send(instance)
    assert (caught.value.code, await post.queue_length()) == ("not_on_whatsapp", 0)


async def test_a_guess_made_offline_is_corrected_when_it_is_sent(post):
    instance = await post.open(is_connected=False)
    message = await post.send(instance)
    assert message.chat.contact is not None
    assert message.chat.contact.phone_number == "5511988887777"
    post.engine.accounts[MARIA] = Resolved(
        query=MARIA, is_registered=True, jid="551188887777@s.whatsapp.net", lid="77@lid"
    )
    await post.connect(instance)
    settled = await post.settled(message)
    assert settled.chat.id == message.chat.id
    assert settled.chat.contact is not None
    assert (settled.chat.contact.phone_number, settled.chat.contact.lid) == ("551188887777", "77@lid")
    assert post.engine.sent[message.wa_id].to == "551188887777@s.whatsapp.net"


async def test_a_guess_that_turns_out_to_be_somebody_known_joins_their_chat(post):
    instance = await post.open(is_connected=False)
    known = await post.send(instance, "a", to="551188887777@s.whatsapp.net")
    guess = await post.send(instance, "b", to=MARIA)
    assert guess.chat.id != known.chat.id
    post.engine.accounts[MARIA] = Resolved(
        query=MARIA, is_registered=True, jid="551188887777@s.whatsapp.net", lid="77@lid"
    )
    await post.connect(instance)
    assert (await post.settled(known)).chat.id == (await post.settled(guess)).chat.id == known.chat.id


async def test_a_guess_that_nobody_has_fails_when_it_is_sent(post):
    instance = await post.open(is_connected=False)
    message = await post.send(instance)
    post.engine.accounts[MARIA] = Resolved(query=MARIA, is_registered=False)
    await post.connect(instance)
    settled = await post.settled(message)
    assert (settled.status, settled.error_code) == ("failed", "not_on_whatsapp")


async def transactions(post) -> int:
    """How many have written what is queued."""
    async with post.database.transaction() as tx:
        [number] = await (await tx.execute("SELECT count(DISTINCT xmin::text) FROM recado.send_queue")).fetchone()
    return int(number)
