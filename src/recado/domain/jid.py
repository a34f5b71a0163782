"""A JID is WhatsApp's address of a person, a group or a device; a person can have two: phone number and LID."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

ChatKind = Literal["person", "group", "status", "broadcast", "newsletter", "other"]

_REMEMBERED: Final = 4096  # in a phone's history the same people are named thousands of times

PHONE_SERVER = "s.whatsapp.net"
LID_SERVER = "lid"
GROUP_SERVER = "g.us"
_PHONE_SERVERS = frozenset({PHONE_SERVER, "hosted"})
_LID_SERVERS = frozenset({LID_SERVER, "hosted.lid"})
_KINDS: dict[str, ChatKind] = {
    **dict.fromkeys([*_PHONE_SERVERS, *_LID_SERVERS, "c.us"], "person"),
    GROUP_SERVER: "group",
    "broadcast": "broadcast",
    "newsletter": "newsletter",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Jid:
    """`user[.agent][:device]@server`; the agent is dropped, `c.us` becomes `s.whatsapp.net`."""

    user: str
    server: str
    device: int = 0

    def __str__(self) -> str:
        device = f":{self.device}" if self.device else ""
        return f"{self.user}{device}@{self.server}"

    @property
    def bare(self) -> Jid:
        """The account, without its device."""
        return Jid(user=self.user, server=self.server)

    @property
    def kind(self) -> ChatKind:
        if self.server == "broadcast" and self.user == "status":
            return "status"
        return _KINDS.get(self.server, "other")

    @property
    def phone(self) -> str | None:
        """The phone number, digits only, when this is one."""
        return self.user if self.server in _PHONE_SERVERS and _is_number(self.user) else None

    @property
    def lid(self) -> str | None:
        """The bare LID (`123@lid`) when this is one."""
        return f"{self.user}@{LID_SERVER}" if self.server in _LID_SERVERS and _is_number(self.user) else None


def _is_number(user: str) -> bool:
    return user.isascii() and user.isdigit() and len(user) <= 32


@lru_cache(_REMEMBERED)
def parse_jid(text: str) -> Jid | None:
    """Read a JID; None when it is not one (no `@`, an empty part, a device that is no number)."""
    user, at, server = text.partition("@")
    if not at or not server or "@" in server:
        return None
    user, colon, device = user.partition(":")
    if (colon and not device.isascii()) or (colon and not device.isdigit()):
        return None
    user = user.partition(".")[0]
    if not user and server not in (PHONE_SERVER, GROUP_SERVER):
        return None
    return Jid(user=user, server=PHONE_SERVER if server == "c.us" else server, device=int(device or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is to WhatsApp: a phone number (digits), a LID (`123@lid`), or both."""

    phone: str | None = None
    lid: str | None = None


@lru_cache(_REMEMBERED)
def identity_of(*texts: str | None) -> Identity:
    """Gather what one or more JIDs of the same person say: the first phone number and the first LID."""
    phone = lid = None
    for text in texts:
        jid = parse_jid(text) if text else None
        if jid is not None:
            phone, lid = phone or jid.phone, lid or jid.lid
    return Identity(phone=phone, lid=lid)
