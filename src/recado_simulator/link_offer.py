"""What a client offers when it wants to be linked: QR codes, and perhaps a code to type."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recado_simulator.login import Registration
from recado_simulator.node import Node

if TYPE_CHECKING:
    from recado_simulator.connection import Connection

PASSKEY_STEPS = ("passkey_prologue", "companion_nonce", "encrypted_pairing_request")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionHello:
    """A client's wish to be linked to `phone` by a code; the ephemeral key is wrapped with that code."""

    phone: str
    wrapped_ephemeral: bytes
    noise_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionFinish:
    """The client's answer once the phone's code was right for it."""

    wrapped_key_bundle: bytes
    identity_key: bytes


@dataclass(slots=True, kw_only=True, eq=False)
class LinkOffer:
    """One registering connection. `refs` maps each QR ref to the loop time at which it expires.

    `steps` are what a device that is linked with a passkey has sent, by tag.
    """

    connection: Connection
    registration: Registration
    refs: dict[str, float]
    code_ref: str | None = None
    hello: CompanionHello | None = None
    finished: asyncio.Future[CompanionFinish] | None = None
    steps: dict[str, asyncio.Future[Node]] = field(default_factory=dict)
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
