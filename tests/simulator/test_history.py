"""A phone offers its past to a newly linked device, and answers when asked for more."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64encode

import aiohttp
import pytest

from recado_simulator import Chunk, Conversation, History, HistoryMessage, Network, NetworkOptions, SyncType
from recado_simulator.content import text_message
from recado_simulator.history import End
from recado_simulator.media import MediaKind, MediaRefused, decrypt_media
from recado_simulator.node import Node
from recado_simulator.protobuf import MalformedProtobuf, bytes_of, decode, encode, int_of
from recado_simulator.signal import pad
from tests.simulator.client import Client

MARIA = "5521988887777@s.whatsapp.net"
MARIA_LID = "200000000000001@lid"


def texts(*said: str) -> list[HistoryMessage]:
    return [HistoryMessage(id=f"M{n}", at=1_700_000_000 + n, text=text) for n, text in enumerate(said, start=1)]


def chunk_of(*conversations: Conversation, **more) -> Chunk:
    return Chunk.of(SyncType.RECENT, conversations, **more)


def unpacked(payload: bytes) -> dict:
    return decode(zlib.decompress(payload))


def read_conversation(chunk: Chunk) -> dict:
    return decode(unpacked(chunk.payload)[2][0])


def read_message(conversation: dict, index: int = 0) -> dict:
    return decode(bytes_of(decode(conversation[2][index]), 1))


async def notification(client) -> tuple[Node, dict]:
    """The next peer message that offers history, and the fields of its notification."""
    while True:
        message = await client.next("message")
        protocol = decode(bytes_of(decode(client.read(message)), 12))
        if int_of(protocol, 2) == 5:
            return message, decode(bytes_of(protocol, 6))


async def download(network, told: dict) -> tuple[int, bytes]:
    digest = urlsafe_b64encode(bytes_of(told, 4)).decode()
    url = f"http://{network.host}{bytes_of(told, 5).decode()}&hash={digest}&mms-type=md-msg-hist&__wa-mms="
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.read()


def opened(told: dict, data: bytes) -> bytes:
    hashes = {"file_sha256": bytes_of(told, 1), "file_enc_sha256": bytes_of(told, 4)}
    return decrypt_media(data, MediaKind.HISTORY, bytes_of(told, 3), **hashes)


async def ask_for_more(client, phone, chat: str, id: str, at: int, count: int) -> None:
    wanted = encode([(1, chat.encode()), (2, id.encode()), (3, 0), (4, count), (5, at)])
    operation = encode([(1, 3), (4, wanted)])
    message = encode([(12, encode([(2, 16), (16, operation)]))])
    sealed = client.signal.encrypt(str(phone.account.phone_jid), pad(message, client.signal.random), None)
    attrs = {"to": phone.account.phone_jid, "id": "ASKED", "category": "peer", "type": "text"}
    await client.send(Node("message", attrs, [Node("enc", {"v": "2", "type": sealed.kind}, sealed.data)]))


class TestOffering:
    async def test_a_newly_linked_device_is_offered_the_history_at_once(self, network, phone):
        phone.history = History(conversations=[Conversation(MARIA, messages=texts("Oi"))])
        client = Client(network)
        await client.pair(phone)
        await client.login()

        message, told = await notification(client)
        _, data = await download(network, told)

        assert message.text("id") == phone.offers[0].id
        assert opened(told, data) == phone.history.chunks[0].payload
        await client.close()

    async def test_it_is_offered_once_however_often_the_device_comes(self, network, phone):
        phone.history = History(conversations=[Conversation(MARIA)])
        client = Client(network)
        await client.pair(phone)
        for _ in range(2):
            await client.login()
            await client.close()

        assert len(phone.offers) == 1

    async def test_an_offer_that_nobody_confirmed_comes_again(self, network, phone):
        phone.history = History(conversations=[Conversation(MARIA)])
        client = Client(network)
        await client.pair(phone)
        await client.login()
        first, _ = await notification(client)
        await client.close()
        await client.login()

        again = await client.next("message")
        while again.text("id") != first.text("id"):
            again = await client.next("message")
        await client.close()

        assert again.text("offline") == "1"

    async def test_the_notification_describes_the_chunk(self, client, phone):
        chunk = chunk_of(Conversation(MARIA, messages=texts("Oi")), order=4, progress=70)
        await phone.offer_history([chunk])

        _, told = await notification(client)

        assert [told[number] for number in (6, 7, 9, 10)] == [[SyncType.RECENT], [4], [70], [1_700_000_001]]

    async def test_an_inline_offer_carries_the_chunk_and_no_path(self, client, phone):
        chunk = chunk_of(Conversation(MARIA, messages=texts("Oi")))
        [offer] = await phone.offer_history([chunk], inline=True)

        _, told = await notification(client)

        assert bytes_of(told, 11) == chunk.payload
        assert (offer.path, 5 in told) == (None, False)

    async def test_chunks_are_offered_in_the_order_given(self, client, phone):
        await phone.offer_history([chunk_of(order=n) for n in (3, 1, 2)])

        assert [(await notification(client))[1][7] for _ in range(3)] == [[3], [1], [2]]

    async def test_the_network_keeps_which_devices_have_been_told(self, tmp_path):
        options = NetworkOptions(seed=7, state_dir=tmp_path)
        async with Network(options) as network:
            phone = network.add_phone("5511999990001")
            client = Client(network)
            await client.pair(phone)
            await client.login()
            await client.close()
        async with Network(options) as network:
            phone = network.add_phone("5511999990001")
            phone.history = History(conversations=[Conversation(MARIA)])
            client.network = network
            await client.login()
            await client.close()

            assert len(phone.offers) == 0


class TestWhatBecomesOfAnOffer:
    async def test_receipts_are_noted_in_order(self, client, phone):
        [offer] = await phone.offer_history([chunk_of()])
        message, _ = await notification(client)
        for type in ("peer_msg", "sender", "hist_sync", "server-error"):
            await client.receipt(message, type)

        await phone.offers.wait(lambda offers: len(offer.receipts) == 4)

        assert offer.receipts == ["peer_msg", "sender", "hist_sync", "server-error"]

    async def test_the_first_receipt_ends_redelivery(self, client, phone):
        [offer] = await phone.offer_history([chunk_of()])
        message, _ = await notification(client)
        await client.receipt(message, "peer_msg")
        await phone.offers.wait(lambda offers: offer.receipts)

        [device] = phone.account.devices.values()
        assert offer.id not in [parcel.key[3] for parcel in device.mailbox]

    async def test_reading_and_deleting_the_file_are_noted(self, client, phone, network):
        [offer] = await phone.offer_history([chunk_of()])
        _, told = await notification(client)
        await download(network, told)
        before = (offer.reads, offer.is_deleted)
        named = urlsafe_b64encode(offer.path.encode()).decode().rstrip("=")
        async with aiohttp.ClientSession(f"http://{network.host}") as http:
            await http.delete("/mms/md-msg-hist/token", params={"d_md": named})

        assert before == (1, False)
        assert offer.is_deleted
        assert (await download(network, told))[0] == 404


class TestBrokenFiles:
    async def test_gone_is_404(self, client, phone, network):
        await phone.offer_history([chunk_of()], broken="gone")

        assert (await download(network, (await notification(client))[1]))[0] == 404

    async def test_hash_is_not_the_file_that_was_announced(self, client, phone, network):
        await phone.offer_history([chunk_of()], broken="hash")
        _, told = await notification(client)
        _, data = await download(network, told)

        with pytest.raises(MediaRefused):
            opened(told, data)

    async def test_zlib_ends_in_the_middle(self, client, phone, network):
        await phone.offer_history([chunk_of()], broken="zlib")
        _, told = await notification(client)
        _, data = await download(network, told)

        with pytest.raises(zlib.error):
            zlib.decompress(opened(told, data))

    async def test_form_is_no_protobuf(self, client, phone):
        await phone.offer_history([chunk_of()], broken="form", inline=True)
        _, told = await notification(client)

        with pytest.raises(MalformedProtobuf):
            unpacked(bytes_of(told, 11))

    @pytest.mark.parametrize("broken", ["hash", "gone"])
    async def test_an_inline_chunk_has_no_file_to_be_broken(self, client, phone, broken):
        with pytest.raises(ValueError, match=broken):
            await phone.offer_history([chunk_of()], inline=True, broken=broken)


class TestOlderMessagesOnRequest:
    @pytest.fixture
    async def asker(self, client, phone):
        """The client, with a session with its phone."""
        phone.history = History(conversations=[Conversation(MARIA, lid=MARIA_LID, older=texts("1", "2", "3"))])
        await phone.offer_history([chunk_of()])
        await notification(client)
        return client

    async def older(self, client, network) -> tuple[dict, dict]:
        _, told = await notification(client)
        _, data = await download(network, told)
        return told, decode(unpacked(opened(told, data))[2][0])

    async def test_as_many_as_wanted_come_right_before_the_one_named(self, asker, phone, network):
        history = [HistoryMessage(id=f"X{n}", at=n, text=str(n)) for n in range(1, 10)]
        phone.history = History(conversations=[Conversation(MARIA, messages=history[7:], older=history[:7])])
        await ask_for_more(asker, phone, MARIA, "X8", 8, 3)

        told, conversation = await self.older(asker, network)

        assert (told[6], told[12]) == ([SyncType.ON_DEMAND], [b"ASKED"])
        assert [bytes_of(read_message(conversation, n), 2) for n in range(3)] == [text_message(t) for t in "765"]
        assert [int_of(decode(message), 2) for message in conversation[2]] == [7, 6, 5]
        assert int_of(conversation, 11) == End.MORE_ON_DEMAND

    async def test_the_last_answer_says_that_there_is_no_more(self, asker, phone, network):
        await ask_for_more(asker, phone, MARIA_LID, "M9", 1_700_000_003, 50)

        _, conversation = await self.older(asker, network)

        assert int_of(conversation, 11) == End.NO_MORE

    async def test_a_chat_that_the_phone_does_not_know_has_nothing(self, asker, phone, network):
        await ask_for_more(asker, phone, "1@lid", "M1", 5, 50)

        _, conversation = await self.older(asker, network)

        assert 2 not in conversation

    async def test_it_may_come_inside_the_answer(self, asker, phone):
        phone.answers_inline = True
        await ask_for_more(asker, phone, MARIA, "M1", 5, 50)

        _, told = await notification(asker)

        assert bytes_of(told, 11) is not None

    async def test_it_says_first_that_it_has_heard(self, asker, phone):
        await ask_for_more(asker, phone, MARIA, "M1", 5, 50)

        protocol = decode(bytes_of(decode(asker.read(await asker.next("message"))), 12))

        assert protocol == {2: [17], 17: [encode([(1, 3), (2, b"ASKED")])]}

    async def test_a_phone_that_does_not_answer_is_silent(self, asker, phone):
        phone.answers_requests = False
        await ask_for_more(asker, phone, MARIA, "M1", 5, 50)
        await asker.next("ack")

        assert [offer.request for offer in phone.offers] == [None]
