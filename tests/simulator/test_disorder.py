"""An untidy history is untidy, and its truth is what a careful reader finds in its chunks."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from recado_simulator import SyncType, UntidyHistory, untidy
from recado_simulator.content import text_of
from recado_simulator.history import Status, Stub
from recado_simulator.protobuf import Fields, bytes_of, decode, int_of
from tests.simulator.client import Client

SEED = 7
BIG = 500, 3_000, 50_000
KINDS = {
    1: "conversation",
    3: "imageMessage",
    4: "contactMessage",
    6: "extendedTextMessage",
    7: "documentMessage",
    8: "audioMessage",
    9: "videoMessage",
    26: "stickerMessage",
}
CAPTIONS = {"imageMessage": 3, "videoMessage": 7, "documentMessage": 20}


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A message as it stands in a chunk, read as the library reads it: an edit under the id of its original."""

    chunk: int
    chat: str
    id: str
    place: int
    at: int
    is_from_me: bool
    author: str
    kind: str
    text: str | None
    quoted: str | None
    status: str | None
    stub: str
    is_edit: bool


def read_copies(history: UntidyHistory) -> Iterator[Copy]:
    for number, chunk in enumerate(history.chunks):
        for conversation in conversations_of(chunk):
            for message in conversation.get(2, ()):
                told = decode(message)
                if 1 in decode(bytes_of(told, 1)):
                    yield read_copy(number, text(conversation, 1), told)


def conversations_of(chunk) -> list[Fields]:
    return [decode(conversation) for conversation in decode(zlib.decompress(chunk.payload)).get(2, ())]


def read_copy(chunk: int, chat: str, told: Fields) -> Copy:
    info = decode(bytes_of(told, 1))
    key = decode(bytes_of(info, 1))
    sender = text(info, 5) or ("" if chat.endswith("@g.us") else chat)
    content = bytes_of(info, 2) or b""
    fields = decode(content)
    if 58 in fields:
        fields = decode(bytes_of(decode(bytes_of(fields, 58)), 1))
    edit = decode(bytes_of(fields, 12)) if 12 in fields else None
    if edit is not None:
        content = bytes_of(edit, 14)
    kind, said, quoted = read_content(content)
    status, stub = int_of(info, 4), int_of(info, 24)
    return Copy(
        chunk=chunk,
        chat=chat,
        id=text(key if edit is None else decode(bytes_of(edit, 1)), 3),
        place=int_of(told, 2),
        at=int_of(info, 3),
        is_from_me=bool(int_of(key, 2)),
        author="" if int_of(key, 2) else sender,
        kind="stub" if stub is not None else kind,
        text=said,
        quoted=quoted,
        status=None if status is None else Status(status).name,
        stub="" if stub is None else Stub(stub).name,
        is_edit=edit is not None,
    )


def read_content(content: bytes) -> tuple[str, str | None, str | None]:
    if not content:
        return "", None, None
    [number] = fields = decode(content)
    kind = KINDS[number]
    body = decode(bytes_of(fields, number)) if number != 1 else {}
    said = (text(body, CAPTIONS[kind]) or None) if kind in CAPTIONS else text_of(content)
    context = decode(bytes_of(body, 17)) if 17 in body else None
    return kind, said, text_of(bytes_of(context, 3)) if context else None


def text(fields: Fields, number: int) -> str:
    return (bytes_of(fields, number) or b"").decode()


def canonical(history: UntidyHistory) -> dict[str, str]:
    """The first address of everybody that the chunks tell two of."""
    found = {}
    for chunk in history.chunks:
        for pair in decode(zlib.decompress(chunk.payload)).get(15, ()):
            found[text(decode(pair), 2)] = text(decode(pair), 1)
        for conversation in conversations_of(chunk):
            jid, pn, lid = (text(conversation, number) for number in (1, 39, 42))
            if pn:
                found[jid] = pn
            if lid:
                found[lid] = jid
    return found


@pytest.fixture(scope="module")
def history() -> UntidyHistory:
    return untidy(SEED, 60, 300, 3_000)


@pytest.fixture(scope="module")
def known(history):
    pairs = canonical(history)
    return lambda jid: pairs.get(jid, jid)


@pytest.fixture(scope="module")
def copies(history, known) -> dict[tuple[str, str], list[Copy]]:
    """The copies of each message, in the order in which they are told."""
    found = defaultdict(list)
    for copy in read_copies(history):
        found[known(copy.chat), copy.id].append(copy)
    return found


class TestItsTruth:
    def test_the_messages_are_those_that_the_chunks_tell(self, history, copies, known):
        assert copies.keys() == {(known(message.chat), message.id) for message in history.messages}

    def test_each_message_is_what_its_original_says_with_the_text_of_its_edit(self, history, copies, known):
        for message in history.messages:
            told = copies[known(message.chat), message.id]
            original = next(copy for copy in told if not copy.is_edit)
            edit = next((copy for copy in told if copy.is_edit), original)

            assert (original.at, original.place, original.kind, original.stub) == (
                message.at,
                message.place,
                message.kind,
                message.stub,
            )
            assert (original.quoted, original.status) == (message.quoted, message.status)
            assert (original.is_from_me, known(original.author)) == (message.is_from_me, known(message.sender))
            assert (edit.text, edit.is_edit) == (message.text, message.is_edited)

    def test_a_chat_has_its_messages_in_order(self, history):
        for chat in history.chats:
            messages = [history.by_id[chat.jid, id] for id in chat.message_ids]

            assert messages == sorted(messages, key=lambda message: (message.at, message.place))

    def test_a_chat_is_what_each_of_its_conversations_says(self, history, known):
        expected = {known(chat.jid): chat for chat in history.chats}
        for chunk in history.chunks:
            for told in conversations_of(chunk):
                chat = expected[known(text(told, 1))]
                flags = [int_of(told, number) for number in (5, 6, 16, 19, 24, 25)]

                assert text(told, 13) == chat.subject
                assert flags == [
                    chat.last_at,
                    chat.unread or None,
                    chat.is_archived or None,
                    chat.is_marked_unread or None,
                    chat.pinned_at,
                    None if chat.muted_until is None else chat.muted_until % 2**64,
                ]

    def test_a_chat_is_complete_when_some_conversation_says_so(self, history, known):
        complete = {
            known(text(told, 1))
            for chunk in history.chunks
            for told in conversations_of(chunk)
            if int_of(told, 11) == 1
        }

        assert complete == {known(chat.jid) for chat in history.chats if chat.is_complete}

    def test_both_addresses_are_told_of_everybody_who_is_expected_to_have_both(self, history, known):
        assert all(known(contact.lid) == contact.pn for contact in history.contacts if contact.pn and contact.lid)

    def test_everybody_who_is_named_is_named_in_the_book_or_by_push_name(self, history, known):
        book = {known(entry.jid): entry.name for entry in history.book}
        pushed = {}
        for chunk in history.chunks:
            for pair in decode(zlib.decompress(chunk.payload)).get(7, ()):
                pushed[known(text(decode(pair), 1))] = text(decode(pair), 2)
            for conversation in conversations_of(chunk):
                for message in conversation.get(2, ()):
                    info = decode(bytes_of(decode(message), 1))
                    if name := text(info, 19):
                        pushed[known(text(info, 5) or text(conversation, 1))] = name
        contacts = {known(contact.pn or contact.lid): contact for contact in history.contacts}

        assert book == {jid: contact.book_name for jid, contact in contacts.items() if contact.book_name}
        assert pushed == {jid: contact.push_name for jid, contact in contacts.items() if contact.push_name}

    def test_a_chat_is_titled_by_its_subject_or_its_person(self, history):
        group = next(chat for chat in history.chats if chat.is_group)
        direct = next(chat for chat in history.chats if not chat.is_group and history.people[chat.jid].book_name)

        assert history.title(group) == group.subject
        assert history.title(direct) == history.people[direct.jid].book_name

    def test_what_nobody_can_read_is_counted_apart(self, history):
        told = sum(chunk.messages for chunk in history.chunks)

        assert history.unreadable == told - len(list(read_copies(history))) == 7

    def test_what_comes_more_than_once_is_counted(self, history, copies):
        assert history.repeated == sum(len(told) - 1 for told in copies.values())


class TestItsDisorder:
    @pytest.mark.parametrize("is_edit_first", [True, False])
    @pytest.mark.parametrize("is_in_same_chunk", [True, False])
    def test_edits_come_before_and_after_their_originals_near_and_far(self, copies, is_edit_first, is_in_same_chunk):
        found = 0
        for told in copies.values():
            edit = next((n for n, copy in enumerate(told) if copy.is_edit), None)
            original = next(n for n, copy in enumerate(told) if not copy.is_edit)
            if edit is not None:
                is_near = told[edit].chunk == told[original].chunk
                found += (edit < original, is_near) == (is_edit_first, is_in_same_chunk)

        assert found > 0

    def test_chunks_overlap(self, copies):
        assert sum(len({copy.chunk for copy in told}) > 1 for told in copies.values()) > 100

    def test_chunks_come_out_of_order(self, history):
        orders = [chunk.order for chunk in history.chunks if chunk.messages]

        assert orders != sorted(orders)

    def test_all_types_of_chunks_are_there(self, history):
        assert {chunk.sync_type for chunk in history.chunks} == {
            SyncType.INITIAL_BOOTSTRAP,
            SyncType.RECENT,
            SyncType.FULL,
            SyncType.PUSH_NAME,
            SyncType.NON_BLOCKING_DATA,
        }

    def test_some_chats_are_split_over_two_addresses(self, history, known):
        addresses = defaultdict(set)
        for chunk in history.chunks:
            for told in conversations_of(chunk):
                addresses[known(text(told, 1))].add(text(told, 1))

        assert any(len(jids) > 1 for jids in addresses.values())

    def test_messages_of_one_second_are_told_apart_by_their_place_alone(self, history):
        pairs = zip(history.messages, history.messages[1:], strict=False)

        assert any(a.chat == b.chat and a.at == b.at for a, b in pairs)

    def test_one_writes_oneself_in_chats_that_have_only_a_lid(self, history):
        lid_only = {chat.jid for chat in history.chats if chat.lid and not chat.pn}

        assert any(message.is_from_me for message in history.messages if message.chat in lid_only)

    def test_some_of_what_happens_in_groups_is_done_by_nobody(self, history):
        assert any(not message.is_from_me and not message.sender for message in history.messages)

    def test_every_kind_is_there(self, history):
        assert {message.kind for message in history.messages} == {*KINDS.values(), "stub"}


class TestItsSize:
    def test_it_is_as_large_as_asked(self):
        history = untidy(SEED, *BIG)

        assert (len(history.chats), len(history.contacts), len(history.by_id)) == BIG
        assert len(history.book) == BIG[1] // 2
        assert len(history.chunks) == 14

    @pytest.mark.parametrize("size", [(1, 1, 0), (1, 1, 1), (8, 8, 3), (5, 10, 30)])
    def test_it_may_be_small(self, size):
        history = untidy(SEED, *size)

        assert (len(history.chats), len(history.by_id)) == (size[0], size[2])

    def test_the_same_seed_makes_the_same(self, history):
        assert untidy(SEED, 60, 300, 3_000) == history

    def test_another_seed_makes_another(self, history):
        assert untidy(SEED + 1, 60, 300, 3_000) != history

    def test_there_are_no_chats_with_nobody(self):
        with pytest.raises(ValueError, match="not enough"):
            untidy(SEED, 10, 9, 1)


async def test_a_phone_offers_its_chunks_in_their_order(network, phone):
    phone.history = untidy(SEED, 5, 10, 30)
    client = Client(network)
    await client.pair(phone)
    await client.login()
    await client.close()

    assert [offer.chunk for offer in phone.offers] == list(phone.history.chunks)
