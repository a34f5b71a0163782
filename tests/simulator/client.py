"""A client in a few lines of Python: enough of a linked device to test the network without an engine."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from contextlib import suppress

import aiohttp

from recado_simulator import Network
from recado_simulator.frames import HEADER, frame
from recado_simulator.identity import DEVICE_SIGNATURE_PREFIX, SignedDeviceIdentity, unseal
from recado_simulator.jid import NETWORK, Jid
from recado_simulator.keys import KeyPair, KeyStream
from recado_simulator.node import Node
from recado_simulator.noise import PATTERN_XX, Handshake
from recado_simulator.prekey_nodes import parts
from recado_simulator.protobuf import decode, encode, required_bytes
from recado_simulator.signal import SignalDevice, unpad

PATIENCE = 60  # seconds; only against hanging


class Closed(Exception):
    """The network has closed the connection."""


class Client:
    """One device, unlinked until `pair`; `nodes` are the stanzas that came and were not yet taken by `next`."""

    def __init__(self, network: Network, name: str = "client") -> None:
        self.network = network
        random = KeyStream(name.encode().ljust(32, b"-"))
        self.noise = KeyPair.generate(random)
        self.adv_secret = random.randbytes(32)
        self.signal = SignalDevice(random)
        self.jid: Jid | None = None
        self.lid: Jid | None = None
        self.nodes: asyncio.Queue[Node | None] = asyncio.Queue()
        self._ids = 0

    async def connect(self) -> None:
        """Dials and does the handshake with the payload of a registration, or of a login once it is linked."""
        self.nodes = asyncio.Queue()
        self._http = aiohttp.ClientSession()
        self.socket = await self._http.ws_connect(f"{self.network.url}/ws/chat", max_msg_size=1 << 25)
        await self._handshake()
        self._reading = asyncio.create_task(self._read())

    async def close(self) -> None:
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading
        await self.socket.close()
        await self._http.close()

    async def pair(self, phone, *, with_keys: bool = False) -> None:
        """Registers, has the phone scan the first code, and stays unconnected afterwards.

        Without keys of app state the network has nothing to say to it but what the test makes it say.
        """
        phone.app_state.withhold_keys(on=not with_keys)
        await self.connect()
        codes = await self.codes()
        scanning = asyncio.create_task(phone.scan(codes[0]))
        await self.finish_pairing()
        await scanning
        restart = await self.next("stream:error")
        assert restart.text("code") == "515"
        await self.close()

    async def codes(self) -> list[str]:
        """The QR texts that the network offers."""
        offer = await self.next("iq")
        await self.send(Node("iq", {"to": NETWORK, "id": offer.text("id"), "type": "result"}))
        keys = [b64encode(key).decode() for key in (self.noise.public, self.signal.identity.public, self.adv_secret)]
        refs = [ref.data.decode() for ref in offer.first("pair-device").all("ref")]
        return [f"https://wa.me/settings/linked_devices#{','.join([ref, *keys])},1" for ref in refs]

    async def finish_pairing(self) -> None:
        """Takes pair-success and signs it."""
        success = await self.next("iq")
        sealed = success.first("pair-success", "device-identity").data
        identity = unseal(sealed, self.adv_secret)
        device = success.first("pair-success", "device")
        self.jid, self.lid = device.jid("jid"), device.jid("lid")
        message = DEVICE_SIGNATURE_PREFIX + identity.details + self.signal.identity.public + identity.account_key
        signed = SignedDeviceIdentity(
            details=identity.details,
            account_key=None,
            account_signature=identity.account_signature,
            device_signature=self.signal.identity.sign(message, self.signal.random),
        )
        sign = Node("pair-device-sign", {}, [Node("device-identity", {"key-index": "1"}, signed.encode())])
        await self.send(Node("iq", {"to": NETWORK, "id": success.text("id"), "type": "result"}, [sign]))

    async def login(self) -> Node:
        """Connects and says active; returns `<success>`."""
        await self.connect()
        success = await self.next("success")
        await self.ask("passive", Node("active"), type="set")
        return success

    async def upload_prekeys(self, count: int) -> None:
        bundles = [self.signal.bundle() for _ in range(count)]
        keys = [Node("key", {}, parts(bundle.prekey_id, bundle.prekey)) for bundle in bundles]
        await self.ask("encrypt", Node("list", {}, keys), type="set")

    async def ask(self, namespace: str, *children: Node, type: str = "get") -> Node:
        self._ids += 1
        attrs = {"to": NETWORK, "id": f"q{self._ids}", "type": type, "xmlns": namespace}
        await self.send(Node("iq", attrs, list(children) or None))
        return await self.next("iq")

    async def send(self, node: Node) -> None:
        sealed = self._to_network.seal(self.network.codec.encode(node))
        await self.socket.send_bytes(frame(sealed))

    async def next(self, tag: str) -> Node:
        """The next stanza of this tag; others before it are dropped. Raises Closed."""
        async with asyncio.timeout(PATIENCE):
            while True:
                node = await self.nodes.get()
                if node is None:
                    raise Closed
                if node.tag == tag:
                    return node

    async def closed(self) -> None:
        """Returns once the network has closed the connection."""
        with suppress(Closed):
            await self.next("nothing has this tag")

    def read(self, message: Node) -> bytes:
        """Decrypts a `<message>` to the bytes of its Message."""
        enc = message.first("enc")
        return unpad(self.signal.decrypt(str(message.jid("from")), enc.text("type"), enc.data))

    async def receipt(self, message: Node, type: str = "", *children: Node) -> None:
        attrs = answering(message) | ({"type": type} if type else {})
        await self.send(Node("receipt", attrs, list(children) or None))

    async def ack(self, node: Node, error: str = "") -> None:
        type = {"type": node.attrs["type"]} if node.tag != "message" and "type" in node.attrs else {}
        await self.send(Node("ack", answering(node) | {"class": node.tag} | type | ({"error": error} if error else {})))

    async def _handshake(self) -> None:
        state, ephemeral = Handshake(PATTERN_XX, HEADER), KeyPair.generate(self.signal.random)
        state.mix_hash(ephemeral.public)
        await self.socket.send_bytes(HEADER + frame(encode([(2, encode([(1, ephemeral.public)]))])))
        hello = decode(required_bytes(decode((await self.socket.receive_bytes())[3:]), 3))
        theirs = required_bytes(hello, 1)
        state.mix_hash(theirs)
        state.mix_secret(ephemeral, theirs)
        state.mix_secret(ephemeral, state.decrypt(required_bytes(hello, 2)))
        self.certificates = state.decrypt(required_bytes(hello, 3))
        static = state.encrypt(self.noise.public)
        state.mix_secret(self.noise, theirs)
        finish = encode([(1, static), (2, state.encrypt(self._payload()))])
        self._to_network, self._from_network = state.split()
        await self.socket.send_bytes(frame(encode([(4, finish)])))

    def _payload(self) -> bytes:
        if self.jid is not None:
            return encode([(1, int(self.jid.user)), (18, self.jid.device)])
        signed = self.signal.signed_prekey
        registration = [
            (1, self.signal.registration_id.to_bytes(4)),
            (2, b"\x05"),
            (3, self.signal.identity.public),
            (4, signed.id.to_bytes(3)),
            (5, signed.pair.public),
            (6, signed.signature),
        ]
        return encode([(19, encode(registration))])

    async def _read(self) -> None:
        async for message in self.socket:
            rest: bytes = message.data
            while rest:
                end = 3 + int.from_bytes(rest[:3])
                self.nodes.put_nowait(self.network.codec.decode(self._from_network.open(rest[3:end])))
                rest = rest[end:]
        self.nodes.put_nowait(None)


def answering(node: Node) -> dict:
    """What an answer to a stanza repeats of it."""
    group = {"participant": node.attrs["participant"]} if "participant" in node.attrs else {}
    return {"to": node.attrs["from"], "id": node.text("id")} | group
