"""The form of a chunk of history: what it says of conversations and messages, and in which order."""

from __future__ import annotations

from recado_simulator import Chunk, Conversation, History, HistoryMessage, SyncType
from recado_simulator.content import text_message
from recado_simulator.history import FOREVER, End, Rank, Status, Stub
from recado_simulator.protobuf import bytes_of, decode, encode, int_of
from tests.simulator.test_history import MARIA, MARIA_LID, chunk_of, read_conversation, read_message, texts, unpacked


def test_it_says_its_type_even_when_that_is_0():
    told = unpacked(Chunk.of(SyncType.INITIAL_BOOTSTRAP, order=3, progress=40).payload)

    assert (told[1], told[5], told[6]) == ([0], [3], [40])


def test_the_newest_message_comes_first_and_places_grow_with_time():
    told = read_conversation(chunk_of(Conversation(MARIA, messages=texts("um", "dois", "três"))))

    assert [int_of(decode(message), 2) for message in told[2]] == [3, 2, 1]
    assert bytes_of(read_message(told), 2) == text_message("três")


def test_messages_that_are_told_only_on_request_are_not_in_it_but_have_their_places():
    conversation = Conversation(MARIA, messages=texts("depois"), older=texts("antes", "antes"))
    told = read_conversation(chunk_of(conversation))

    assert [int_of(decode(message), 2) for message in told[2]] == [3]
    assert int_of(told, 11) == End.MORE


def test_a_conversation_says_all_that_it_is():
    conversation = Conversation(
        MARIA_LID,
        messages=texts("Oi"),
        pn=MARIA,
        lid=MARIA_LID,
        name="Maria",
        unread=2,
        is_marked_unread=True,
        is_archived=True,
        pinned_at=7,
        muted_until=FOREVER,
        members=[(MARIA, Rank.ADMIN)],
    )
    told = read_conversation(chunk_of(conversation))

    assert {number: told[number] for number in told if number != 2} == {
        1: [MARIA_LID.encode()],
        5: [1_700_000_001],
        6: [2],
        8: [1],
        11: [End.NO_MORE],
        12: [1_700_000_001],
        13: [b"Maria"],
        16: [1],
        19: [1],
        20: [encode([(1, MARIA.encode()), (2, 1)])],
        24: [7],
        25: [2**64 - 1],
        39: [MARIA.encode()],
        42: [MARIA_LID.encode()],
    }


def test_a_message_says_all_that_it_is():
    message = HistoryMessage(
        id="M1",
        at=5,
        content=b"content",
        is_from_me=True,
        sender=MARIA,
        push_name="Maria",
        status=Status.READ,
        stub=Stub.GROUP_CREATE,
        stub_params=("a", "b"),
        secret=b"secret",
        place=9,
    )
    told = read_conversation(chunk_of(Conversation("1@g.us", messages=[message])))

    assert int_of(decode(told[2][0]), 2) == 9
    assert read_message(told) == {
        1: [encode([(1, b"1@g.us"), (2, 1), (3, b"M1"), (4, MARIA.encode())])],
        2: [b"content"],
        3: [5],
        4: [Status.READ],
        5: [MARIA.encode()],
        19: [b"Maria"],
        24: [Stub.GROUP_CREATE],
        26: [b"a", b"b"],
        49: [b"secret"],
    }


def test_push_names_lids_and_the_nonce_are_beside_the_conversations():
    told = unpacked(chunk_of(push_names={MARIA: "Maria"}, lids={MARIA: MARIA_LID}, nonce="n").payload)

    assert told[7] == [encode([(1, MARIA.encode()), (2, b"Maria")])]
    assert told[15] == [encode([(1, MARIA.encode()), (2, MARIA_LID.encode())])]
    assert told[16] == [b"n"]


def test_a_history_with_push_names_tells_them_in_a_chunk_of_their_own():
    chunks = History(conversations=[Conversation(MARIA)], push_names={MARIA: "Maria"}).chunks

    assert [chunk.sync_type for chunk in chunks] == [SyncType.INITIAL_BOOTSTRAP, SyncType.PUSH_NAME]
