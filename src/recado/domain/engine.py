"""The Engine seam: one way of speaking to WhatsApp, and what it may tell Recado.

An engine must not: confirm a message to the network before `Listener.handle` has returned; reconnect, pair or send
again by itself; know tables, webhooks or the API; let one session's trouble reach another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from .jid import Identity
from .media import Media

if TYPE_CHECKING:
    from .sync import Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The linked device of a session: JID with device, LID, and the name its owner shows to others."""

    jid: str
    lid: str | None = None
    push_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message as it came, read as far as it can be.

    `kind` is the protobuf's field name (`conversation`, `imageMessage`, …) or `unknown`; `text` what was written, or
    the caption; `details` what else there is to show of the kind. `raw` is the protobuf, `content` its protojson or
    None. `is_protocol` messages make no row. `target_wa_id` is the message that this one is about (a reaction, a vote);
    a `change` edits it, `text` and `details` being the new ones, or deletes it. `is_from_phone`: the account's own
    phone has written it.
    """

    session: str
    wa_id: str
    chat: str
    chat_identity: Identity
    sender: Identity
    is_from_me: bool
    is_group: bool
    sent_at: datetime
    kind: str
    text: str | None
    raw: bytes
    content: dict[str, Any] | None
    push_name: str | None = None
    is_protocol: bool = False
    trouble: str | None = None
    quoted_wa_id: str | None = None
    quoted_text: str | None = None
    details: dict[str, Any] | None = None
    media: Media | None = None
    target_wa_id: str | None = None
    change: Literal["edit", "delete"] | None = None
    is_from_phone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Somebody's device got, read or played messages. `type` is `delivered`, `read`, `played`, `sender`, …

    `is_from_phone`: that device is the account's own phone.
    """

    session: str
    chat: str
    chat_identity: Identity
    sender: Identity
    is_from_me: bool
    wa_ids: tuple[str, ...]
    type: str
    at: datetime
    is_from_phone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A message that was confirmed to the network but could not be decrypted."""

    session: str
    wa_id: str
    chat: str
    chat_identity: Identity
    sender: Identity
    is_from_me: bool
    sent_at: datetime
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Anything else the network said: the library's name for it and its JSON."""

    session: str
    name: str
    value: Any


Inbound = Incoming | Receipt | Gap | Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A change of connection, said once. `type` and `data` are those of docs/engine-protocol.md, section 4.

    An engine says `host_up` (session "") whenever its host is there, the first time too; `host_down` when it is lost,
    with `cause` (`crash`, `hang`, `memory`, `ended`) and `suspects`, the sessions that may have brought it down.
    """

    session: str
    fence: int
    type: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What an engine says of one of its sessions right now."""

    session: str
    fence: int
    state: Literal["idle", "dialing", "pairing", "connected", "disconnected"]
    device: Device | None
    queue: int
    unanswered: int
    oldest_unanswered_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A proof of life: a round trip on the wire, and how far behind the session is."""

    round_trip_ms: float
    queue: int
    unanswered: int
    oldest_unanswered_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to send: our WhatsApp id, a JID, protojson of the message."""

    wa_id: str
    to: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """WhatsApp's answer to a send: its time, and the JID that was used."""

    wa_id: str
    at: datetime
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What WhatsApp says of a phone number."""

    query: str
    is_registered: bool
    jid: str | None = None
    lid: str | None = None


class EngineError(Exception):
    """A call that did not succeed. `kind` is one of docs/engine-protocol.md, section 3, or `host_down`.

    `is_uncertain` means that the call may have had its effect: repeat it with the same id, never a new one.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        may_retry: bool = False,
        is_uncertain: bool = False,
        server_code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.may_retry = may_retry
        self.is_uncertain = is_uncertain
        self.server_code = server_code


class Listener(Protocol):
    """Who hears an engine."""

    async def handle(self, inbound: Heard) -> None:
        """Return when it is stored for good; raise when it is not. The network is told only after the return."""

    def signal(self, signal: Signal) -> None:
        """Take note of it; must not block and must not raise."""


@runtime_checkable
class Leased(Protocol):
    """An extra, for an engine whose sessions outlive this process."""

    def lease(self, session: str, fence: int, until: float) -> None:
        """That lease is good until then, by `clock.uptime`. The session has to end before, unless it is told anew."""


class Engine(Protocol):
    """One way of speaking to WhatsApp. Every call about a session carries the fence of the lease it is made under."""

    name: str

    async def run(self, listener: Listener) -> None:
        """Live until cancelled; restart what dies (a child process), telling `host_down` and `host_up`."""

    async def start(self, session: str, fence: int) -> Device | None:
        """Bring the session to dialing if it has a device; None when it has none. What follows comes as signals.

        Never raises: a failure is reported as the signal `connect_failed`, and None is returned.
        """

    async def stop(self, session: str, fence: int) -> None:
        """Disconnect, keep the credentials. Never raises; when it returns nothing more comes from the session."""

    async def logout(self, session: str, fence: int) -> None:
        """Unlink at the network and delete the credentials. Raises EngineError (`not_connected` …)."""

    async def forget(self, session: str, fence: int) -> None:
        """Delete the credentials here without telling the network."""

    async def pair_qr(self, session: str, fence: int) -> None:
        """Ask for codes; they come as the signal `pair_codes`. Raises EngineError."""

    async def pair_phone(self, session: str, fence: int, phone: str) -> tuple[str, datetime]:
        """A pairing code for that phone (digits, international) and when it ends. Raises EngineError."""

    async def send(self, session: str, fence: int, outgoing: Outgoing) -> Sent:
        """Send and wait for the server's ack. Raises EngineError."""

    async def resolve(self, session: str, fence: int, phones: list[str]) -> list[Resolved]:
        """Ask who of these phone numbers (`+5511…`) is on WhatsApp, in the order asked. Raises EngineError."""

    async def probe(self, session: str, fence: int, timeout_ms: int) -> Probe:
        """A round trip on the wire. Raises EngineError (`timeout`, `not_connected` …)."""

    async def sessions(self) -> list[Snapshot]:
        """All sessions of the host. Raises EngineError (`host_down`)."""
