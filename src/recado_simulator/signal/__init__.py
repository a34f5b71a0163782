"""The Signal protocol, version 3, as WhatsApp's devices speak it."""

from __future__ import annotations

from recado_simulator.signal.device import Ciphertext, SignalDevice
from recado_simulator.signal.errors import (
    InvalidMessage,
    MessageRepeated,
    NoSenderKey,
    NoSession,
    SignalError,
    UnknownPreKey,
)
from recado_simulator.signal.padding import pad, unpad
from recado_simulator.signal.prekeys import PreKeyBundle, SignedPreKey
from recado_simulator.signal.sender_keys import SenderKeyRing

__all__ = [
    "Ciphertext",
    "InvalidMessage",
    "MessageRepeated",
    "NoSenderKey",
    "NoSession",
    "PreKeyBundle",
    "SenderKeyRing",
    "SignalDevice",
    "SignalError",
    "SignedPreKey",
    "UnknownPreKey",
    "pad",
    "unpad",
]
