"""An account: a phone number with its LID, and the devices linked to it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from recado_simulator.jid import LID_SERVER, PHONE_SERVER, Jid
from recado_simulator.login import SignedPrekey
from recado_simulator.mailbox import Mailbox
from recado_simulator.signal import PreKeyBundle

if TYPE_CHECKING:
    from recado_simulator.connection import Connection

AccountKind = Literal["phone", "contact"]


@dataclass(slots=True, kw_only=True, eq=False)
class Account:
    """`phone` and `lid` are digits; `raw_id` is what all its device identities have in common."""

    phone: str
    lid: str
    name: str
    kind: AccountKind
    raw_id: int
    last_device: int = 0
    devices: dict[int, LinkedDevice] = field(default_factory=dict)

    @property
    def phone_jid(self) -> Jid:
        return Jid(self.phone, PHONE_SERVER)

    @property
    def lid_jid(self) -> Jid:
        return Jid(self.lid, LID_SERVER)

    def address(self, server: str, device: int = 0) -> Jid:
        """The account's address of this kind: by LID for `lid`, else by phone number."""
        return Jid(self.lid, LID_SERVER, device) if server == LID_SERVER else Jid(self.phone, PHONE_SERVER, device)

    @property
    def is_online(self) -> bool:
        return any(device.connection for device in self.devices.values())


@dataclass(slots=True, kw_only=True, eq=False)
class LinkedDevice:
    """A device that was paired with an account's phone: the thing under test. Keys are bare 32 bytes.

    `was_welcomed`: it has been active once, and its phone has told it what a new device has to know.
    """

    account: Account
    number: int
    noise_key: bytes
    registration_id: int
    identity_key: bytes
    signed_prekey: SignedPrekey
    signed_identity: bytes
    mailbox: Mailbox
    prekeys: deque[tuple[int, bytes]] = field(default_factory=deque)
    was_told_low: bool = False
    was_welcomed: bool = False
    connection: Connection | None = None

    @property
    def phone_jid(self) -> Jid:
        return self.account.phone_jid.of_device(self.number)

    @property
    def lid_jid(self) -> Jid:
        return self.account.lid_jid.of_device(self.number)

    @property
    def signal_address(self) -> str:
        """The name of the device in the sessions of others."""
        return str(self.lid_jid)

    def take_bundle(self) -> PreKeyBundle:
        """The published keys with one prekey that nobody gets again; without one when none are left."""
        prekey_id, prekey = self.prekeys.popleft() if self.prekeys else (None, None)
        return PreKeyBundle(
            registration_id=self.registration_id,
            identity=self.identity_key,
            signed_prekey_id=self.signed_prekey.id,
            signed_prekey=self.signed_prekey.public,
            signed_prekey_signature=self.signed_prekey.signature,
            prekey_id=prekey_id,
            prekey=prekey,
        )
