"""A JID: the address of an account, of one of its devices, or of a service of the network."""

from __future__ import annotations

from typing import NamedTuple

PHONE_SERVER = "s.whatsapp.net"
LID_SERVER = "lid"
GROUP_SERVER = "g.us"


class Jid(NamedTuple):
    """`user@server`, or `user:device@server` when `device` is not 0; a service has no user."""

    user: str
    server: str
    device: int = 0

    def __str__(self) -> str:
        if not self.user:
            return self.server
        if self.device:
            return f"{self.user}:{self.device}@{self.server}"
        return f"{self.user}@{self.server}"

    @property
    def bare(self) -> Jid:
        """The account's address, without the device."""
        return self if not self.device else Jid(self.user, self.server)

    def of_device(self, device: int) -> Jid:
        return Jid(self.user, self.server, device)

    @classmethod
    def parse(cls, text: str) -> Jid:
        """Reads `user@server`, `user:device@server` or `server`."""
        user, at, server = text.rpartition("@")
        if not at:
            return cls("", text)
        name, colon, device = user.partition(":")
        return cls(name, server, int(device)) if colon else cls(user, server)


NETWORK = Jid("", PHONE_SERVER)
