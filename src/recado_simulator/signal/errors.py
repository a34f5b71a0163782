"""What can go wrong with a Signal message.

SignalError
├── NoSession         no session with this address: ask for its bundle, or have it send a pkmsg
├── NoSenderKey       no sender key of this group member: ask for its distribution message
├── MessageRepeated   decrypted before, or older than what is kept: drop it
├── UnknownPreKey     the pkmsg names a prekey that is not, or no longer, ours: send a fresh bundle
└── InvalidMessage    broken bytes, wrong MAC or signature, wrong bundle: ask for the message again
"""

from __future__ import annotations


class SignalError(Exception):
    """A message could not be encrypted or decrypted; the session is as it was before."""


class NoSession(SignalError):
    """There is no session with this address."""


class NoSenderKey(SignalError):
    """There is no sender key for this member of this group."""


class MessageRepeated(SignalError):
    """The message was decrypted before, or is older than what is kept."""


class UnknownPreKey(SignalError):
    """A pkmsg names a prekey that this device does not have."""


class InvalidMessage(SignalError):
    """The bytes are no message of this session."""
