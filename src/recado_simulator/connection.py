"""A connection: one client's WebSocket, from its first byte to its last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from recado_simulator import admission, stanzas
from recado_simulator.codec import CodecError
from recado_simulator.delivery import Delivery
from recado_simulator.doubles import double_of
from recado_simulator.farewells import replaced
from recado_simulator.frames import FrameReader, frame
from recado_simulator.handshake import OpenNoise, ServerHandshake
from recado_simulator.keys import KeyPair
from recado_simulator.node import Node
from recado_simulator.noise import Direction, NoiseError
from recado_simulator.outbox import Outbox
from recado_simulator.parcel import ParcelKey
from recado_simulator.protobuf import MalformedProtobuf

if TYPE_CHECKING:
    from recado_simulator.account import LinkedDevice
    from recado_simulator.network import Network

ACK_WITHIN = 1.0  # seconds
ANSWERS = frozenset(("ack", "failure", "iq", "stream:error", "success"))  # what a deaf connection still gets

log = structlog.get_logger("recado_simulator")


class Connection:
    """Handshake, then stanzas; `device` is set once a linked device has logged in."""

    def __init__(self, network: Network, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self.network = network
        self.outbox = Outbox()
        self.device: LinkedDevice | None = None
        self.delivery: Delivery | None = None
        self.client_key = b""
        self._socket = socket
        self._transport = transport
        self._asked: dict[str, asyncio.Future[Node]] = {}
        self._on_end: list[Callable[[], None]] = []
        self._after_ack: dict[ParcelKey, Callable[[], None]] = {}
        self._is_deaf = False
        self._successor: Connection | None = None
        self._to_client: Direction | None = None
        self._handshake = ServerHandshake(
            static=network.authority.static,
            ephemeral=KeyPair.generate(network.random),
            certificates=network.certificates,
        )
        self._on_frame: Callable[[bytes], None] = self._on_hello

    async def serve(self) -> None:
        """Returns when either side has closed."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.outbox.run(self._socket, self._on_room))
            try:
                await self._receive()
            except (NoiseError, CodecError, MalformedProtobuf) as error:
                log.warning("simulator.connection_broken", error=str(error))
            except Exception:
                log.exception("simulator.connection_failed", device=str(self.device and self.device.phone_jid))
            finally:
                self._ended()
                self.outbox.gone()
        if self._socket.close_code not in (None, WSCloseCode.ABNORMAL_CLOSURE):
            self._lives()

    def send(self, node: Node) -> None:
        if not self._is_deaf or node.tag in ANSWERS:
            self.write(self.network.codec.encode(node))

    def write(self, encoded: bytes) -> None:
        """Sends an encoded node; silently nothing once the connection is ending."""
        if self._to_client is not None:
            self.outbox.put(frame(self._to_client.seal(encoded)))

    def deliver_to(self, device: LinkedDevice) -> None:
        """The client is ready for what is kept for it, once a connection."""
        if self.delivery is None and device.connection is self:
            self.delivery = Delivery(self, device)
            self.delivery.pump()

    def deafen(self) -> None:
        """From now on nothing is routed to this connection; what its client asks is answered as ever."""
        self._is_deaf = True
        if self.delivery is not None:
            self.delivery.stop()

    def give_way(self, successor: Connection) -> None:
        """The same device has logged in once more: this one is told, and watched for a sign that its client lives."""
        self.end(replaced())
        self._successor = successor
        self._on_frame = self._on_late_frame

    def ask(self, node: Node) -> asyncio.Future[Node]:
        """Sends an IQ of the server; the future is the client's result or error, cancelled when the socket ends."""
        answer = asyncio.get_running_loop().create_future()
        self._asked[node.text("id")] = answer
        self.send(node)
        return answer

    def answered(self, node: Node) -> None:
        """The client's answer to an IQ of the server."""
        waiting = self._asked.pop(node.text("id"), None)
        if waiting and not waiting.done():
            waiting.set_result(node)

    def end(self, last: Node | None = None) -> None:
        """Says a last word and closes in good order."""
        if last is not None:
            self.send(last)
        self._on_frame = ignore
        self._forget_device()
        self.outbox.end()

    def cut(self) -> None:
        """Closes the TCP connection without a word."""
        self._on_frame = ignore
        self._forget_device()
        self.outbox.gone()
        self._transport.abort()

    def after_ack(self, key: ParcelKey, call: Callable[[], None]) -> None:
        """Calls once the client has acknowledged this stanza, which it does after it has asked for a retry.

        The ack would else be taken for that of the stanza that is sent anew. Some clients send none.
        """
        late = asyncio.get_running_loop().call_later(ACK_WITHIN, self.acked, key)

        def follow() -> None:
            late.cancel()
            call()

        self._after_ack[key] = follow

    def acked(self, key: ParcelKey) -> bool:
        """Whether something was waiting for this ack; then it is done, and the ack means nothing else."""
        follow = self._after_ack.pop(key, None)
        if follow is not None:
            follow()
        return follow is not None

    def on_end(self, call: Callable[[], None]) -> None:
        """Calls once the connection is over, whoever ended it."""
        self._on_end.append(call)

    async def _receive(self) -> None:
        reader = FrameReader()
        async for message in self._socket:
            if message.type is WSMsgType.BINARY:
                for body in reader.feed(message.data):
                    self._on_frame(body)
        if not self.outbox.is_closing:
            self._lives()

    def _on_hello(self, body: bytes) -> None:
        self.outbox.put(frame(self._handshake.answer(body)))
        self._on_frame = self._on_finish

    def _on_finish(self, body: bytes) -> None:
        noise = self._handshake.finish(body)
        self.client_key = noise.client_key
        self._to_client = noise.to_client
        self._on_frame = self._stanza_reader(noise)
        admission.admit(self, noise.payload)

    def _stanza_reader(self, noise: OpenNoise) -> Callable[[bytes], None]:
        unseal, decode = noise.from_client.open, self.network.codec.decode

        def on_stanza(body: bytes) -> None:
            stanzas.handle(self, decode(unseal(body)))

        return on_stanza

    def _on_late_frame(self, _: bytes) -> None:
        self._lives()

    def _lives(self) -> None:
        """Its client has just written or closed. After the login of another one that is a double."""
        if self._successor is not None and self._successor.device is not None:
            self.network.doubles.append(double_of(self._successor.device, self.network.now()))
            self._successor = None

    def _on_room(self) -> None:
        if self.delivery is not None:
            self.delivery.pump()

    def _forget_device(self) -> None:
        if self.device is not None and self.device.connection is self:
            self.device.connection = None
            self.device.mailbox.close()
        self.delivery = None

    def _ended(self) -> None:
        self._forget_device()
        for waiting in self._asked.values():
            waiting.cancel()
        for key in list(self._after_ack):
            self.acked(key)
        for call in self._on_end:
            call()
        self._on_end.clear()


def ignore(body: bytes) -> None:
    """Whatever still comes on a connection that has ended."""
