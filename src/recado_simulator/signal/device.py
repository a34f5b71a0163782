"""One device's end of its Signal sessions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

from recado_simulator.keys import KeyPair, KeyStream, RandomSource
from recado_simulator.signal.agreement import initiate, respond
from recado_simulator.signal.errors import InvalidMessage, NoSession, UnknownPreKey
from recado_simulator.signal.messages import PreKeySignalMessage, SignalMessage
from recado_simulator.signal.prekeys import PreKeyBundle, SignedPreKey
from recado_simulator.signal.sender_keys import SenderKeyRing
from recado_simulator.signal.session import Session

MAX_SESSIONS = 40
MAX_PREKEY_ID = (1 << 24) - 1
MAX_REGISTRATION_ID = 0x3FFC

Kind = Literal["pkmsg", "msg"]
State = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ciphertext:
    """An encrypted message and the `type` its `<enc>` carries."""

    kind: Kind
    data: bytes


class SignalDevice:
    """Identity, prekeys, group keys, and sessions by address.

    An address is any string that names one peer device, always the same one. All keys come from the device's own
    stream, seeded once from `random`: two devices with equal seeds and equal calls give equal bytes.
    Any identity is trusted; a pkmsg replaces the session at any time, and the ones before stay readable.
    """

    def __init__(self, random: RandomSource) -> None:
        self.random = KeyStream(random.randbytes(32))
        self.identity = KeyPair.generate(self.random)
        self.registration_id = int.from_bytes(self.random.randbytes(4), "big") % MAX_REGISTRATION_ID + 1
        self.signed_prekey = SignedPreKey.generate(1, self.identity, self.random)
        self.groups = SenderKeyRing(self.random)
        self._prekeys: dict[int, KeyPair] = {}
        self._last_prekey_id = 0
        self._sessions: dict[str, tuple[Session, ...]] = {}

    def bundle(self, *, one_time: bool = True) -> PreKeyBundle:
        """A bundle for one peer, with a fresh one-time prekey unless told otherwise."""
        prekey_id = self._add_prekey() if one_time else None
        return PreKeyBundle(
            registration_id=self.registration_id,
            identity=self.identity.public,
            signed_prekey_id=self.signed_prekey.id,
            signed_prekey=self.signed_prekey.pair.public,
            signed_prekey_signature=self.signed_prekey.signature,
            prekey_id=prekey_id,
            prekey=None if prekey_id is None else self._prekeys[prekey_id].public,
        )

    def has_session(self, address: str) -> bool:
        return address in self._sessions

    def drop_session(self, address: str) -> None:
        """Forgets all sessions with this address; it is no error when there is none."""
        self._sessions.pop(address, None)

    def encrypt(self, address: str, plaintext: bytes, bundle: PreKeyBundle | None = None) -> Ciphertext:
        """Encrypts `plaintext` (already padded) for `address`; with a bundle a new session is begun first.

        Gives a pkmsg until a message of the session's peer has been decrypted. Raises NoSession, or InvalidMessage
        for a bundle that does not hold.
        """
        if bundle is not None:
            session = initiate(self.identity, bundle, self.random)
            self._keep(address, (session, *self._sessions.get(address, ())))
        current, *earlier = self._known(address)
        session, data = current.encrypt(plaintext)
        self._sessions[address] = (session, *earlier)
        if session.invitation is None:
            return Ciphertext(kind="msg", data=data)
        invitation = PreKeySignalMessage(
            registration_id=self.registration_id,
            prekey_id=session.invitation.prekey_id,
            signed_prekey_id=session.invitation.signed_prekey_id,
            base_key=session.base_key,
            identity=self.identity.public,
            message=data,
        )
        return Ciphertext(kind="pkmsg", data=invitation.encode())

    def encrypt_many(
        self, address: str, plaintexts: Iterable[bytes], bundle: PreKeyBundle | None = None
    ) -> list[Ciphertext]:
        """Encrypts messages ahead, to be sent in this order; a bundle begins one new session for all of them."""
        ciphertexts = []
        for plaintext in plaintexts:
            ciphertexts.append(self.encrypt(address, plaintext, bundle))
            bundle = None
        return ciphertexts

    def decrypt(self, address: str, kind: str, data: bytes) -> bytes:
        """The plaintext (still padded) of a `pkmsg` or `msg` from `address`.

        Raises NoSession, MessageRepeated, UnknownPreKey or InvalidMessage, and then nothing has changed.
        """
        match kind:
            case "pkmsg":
                return self._decrypt_invitation(address, PreKeySignalMessage.decode(data))
            case "msg":
                plaintext, sessions = self._open(self._known(address), SignalMessage.decode(data))
                self._keep(address, sessions)
                return plaintext
            case _:
                raise InvalidMessage(f"a message of kind {kind!r} is not one of a session")

    def _decrypt_invitation(self, address: str, invitation: PreKeySignalMessage) -> bytes:
        message = SignalMessage.decode(invitation.message)
        sessions = self._sessions.get(address, ())
        if any(session.base_key == invitation.base_key for session in sessions):
            plaintext, sessions = self._open(sessions, message)
        else:
            session, plaintext = self._accept(invitation).decrypt(message, self.random)
            sessions = (session, *sessions)
            if invitation.prekey_id is not None:
                del self._prekeys[invitation.prekey_id]
        self._keep(address, sessions)
        return plaintext

    def _accept(self, invitation: PreKeySignalMessage) -> Session:
        if invitation.signed_prekey_id != self.signed_prekey.id:
            raise UnknownPreKey(f"signed prekey {invitation.signed_prekey_id} is not this device's")
        if invitation.prekey_id is not None and invitation.prekey_id not in self._prekeys:
            raise UnknownPreKey(f"one-time prekey {invitation.prekey_id} was used before, or never published")
        prekey = None if invitation.prekey_id is None else self._prekeys[invitation.prekey_id]
        return respond(self.identity, self.signed_prekey.pair, prekey, invitation)

    def _open(self, sessions: tuple[Session, ...], message: SignalMessage) -> tuple[bytes, tuple[Session, ...]]:
        for at, session in enumerate(sessions):
            try:
                opened, plaintext = session.decrypt(message, self.random)
            except InvalidMessage:
                continue
            return plaintext, (opened, *sessions[:at], *sessions[at + 1 :])
        raise InvalidMessage("no session with this address can decrypt the message")

    def _known(self, address: str) -> tuple[Session, ...]:
        try:
            return self._sessions[address]
        except KeyError:
            raise NoSession(f"there is no session with {address}") from None

    def _keep(self, address: str, sessions: tuple[Session, ...]) -> None:
        self._sessions[address] = sessions[:MAX_SESSIONS]

    def _add_prekey(self) -> int:
        self._last_prekey_id = self._last_prekey_id % MAX_PREKEY_ID + 1
        self._prekeys[self._last_prekey_id] = KeyPair.generate(self.random)
        return self._last_prekey_id

    def to_state(self) -> State:
        """All of it as JSON values (keys in hex, private ones too)."""
        return {
            "stream": [self.random.seed.hex(), self.random.position],
            "identity": self.identity.private.hex(),
            "registration_id": self.registration_id,
            "signed_prekey": self.signed_prekey.to_state(),
            "prekeys": {str(id): pair.private.hex() for id, pair in self._prekeys.items()},
            "last_prekey_id": self._last_prekey_id,
            "sessions": {
                address: [session.to_state() for session in sessions] for address, sessions in self._sessions.items()
            },
            "groups": self.groups.to_state(),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The device that `to_state` described; it goes on in the same stream, so it needs no source."""
        seed, position = state["stream"]
        device = cls.__new__(cls)
        device.random = KeyStream(bytes.fromhex(seed), position)
        device.identity = KeyPair.from_private(bytes.fromhex(state["identity"]))
        device.registration_id = state["registration_id"]
        device.signed_prekey = SignedPreKey.from_state(state["signed_prekey"])
        device.groups = SenderKeyRing.from_state(state["groups"], device.random)
        device._prekeys = {int(id): KeyPair.from_private(bytes.fromhex(key)) for id, key in state["prekeys"].items()}
        device._last_prekey_id = state["last_prekey_id"]
        device._sessions = {
            address: tuple(Session.from_state(session) for session in sessions)
            for address, sessions in state["sessions"].items()
        }
        return device
