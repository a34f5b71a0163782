"""The server's side of the Noise handshake: from a client's first frame to an open connection."""

from __future__ import annotations

from dataclasses import dataclass

from recado_simulator import protobuf
from recado_simulator.frames import HEADER
from recado_simulator.keys import KeyPair
from recado_simulator.noise import PATTERN_XX, Direction, Handshake, NoiseError

CLIENT_HELLO, SERVER_HELLO, CLIENT_FINISH = 2, 3, 4
EPHEMERAL, STATIC, PAYLOAD = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNoise:
    """A finished handshake: who the client is, what it asks for, and the two directions."""

    client_key: bytes
    payload: bytes
    from_client: Direction
    to_client: Direction


class ServerHandshake:
    """Answers one ClientHello and one ClientFinish; both raise NoiseError for what is no handshake."""

    def __init__(self, *, static: KeyPair, ephemeral: KeyPair, certificates: bytes) -> None:
        self._static = static
        self._ephemeral = ephemeral
        self._certificates = certificates
        self._state = Handshake(PATTERN_XX, HEADER)

    def answer(self, frame: bytes) -> bytes:
        """The ServerHello for a ClientHello."""
        state = self._state
        theirs = part(frame, CLIENT_HELLO, EPHEMERAL)
        state.mix_hash(theirs)
        state.mix_hash(self._ephemeral.public)
        state.mix_secret(self._ephemeral, theirs)
        static = state.encrypt(self._static.public)
        state.mix_secret(self._static, theirs)
        hello = (
            (EPHEMERAL, self._ephemeral.public),
            (STATIC, static),
            (PAYLOAD, state.encrypt(self._certificates)),
        )
        return protobuf.encode(((SERVER_HELLO, protobuf.encode(hello)),))

    def finish(self, frame: bytes) -> OpenNoise:
        """Reads the ClientFinish; its fields are 1 static and 2 payload."""
        client_key = self._state.decrypt(part(frame, CLIENT_FINISH, 1))
        self._state.mix_secret(self._ephemeral, client_key)
        payload = self._state.decrypt(part(frame, CLIENT_FINISH, 2))
        from_client, to_client = self._state.split()
        return OpenNoise(client_key=client_key, payload=payload, from_client=from_client, to_client=to_client)


def part(frame: bytes, message: int, field: int) -> bytes:
    try:
        inner = protobuf.required_bytes(protobuf.decode(frame), message)
        return protobuf.required_bytes(protobuf.decode(inner), field)
    except protobuf.MalformedProtobuf as error:
        raise NoiseError(f"a handshake frame is malformed: {error}") from error
