"""The entries of app state that a phone makes: in which collection, under which index, with which value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recado_simulator.app_state.record import Entry
from recado_simulator.protobuf import encode

COLLECTIONS = ("critical_block", "critical_unblock_low", "regular_high", "regular", "regular_low")
FOREVER = (1 << 64) - 1  # -1 on the wire
MILLISECONDS = 1_000
IN_THE_PHONES_BOOK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A kind of entry: its name in the index, its field in SyncActionValue, the version that phones give it."""

    collection: str
    name: str
    field: int
    version: int

    def entry(self, at: float, body: bytes, *rest: str) -> Entry:
        """The entry made at a time (seconds since 1970); `rest` is what follows the name in the index."""
        value = encode([(1, int(at * MILLISECONDS)), (self.field, body)])
        return Entry((self.name, *rest), value, self.version)


PUSH_NAME = Action(collection="critical_block", name="setting_pushName", field=7, version=1)
CONTACT = Action(collection="critical_unblock_low", name="contact", field=3, version=2)
MUTE = Action(collection="regular_high", name="mute", field=4, version=2)
ARCHIVE = Action(collection="regular_low", name="archive", field=17, version=3)
PIN = Action(collection="regular_low", name="pin_v1", field=5, version=5)
MARK_READ = Action(collection="regular_low", name="markChatAsRead", field=20, version=3)


def named(name: str) -> bytes:
    return encode([(1, name.encode())])


def known_as(full: str, first: str | None, lid: str | None, phone: str | None) -> bytes:
    """ContactAction: full and first name, the person's LID and number where they are told."""
    texts = {1: full, 2: first, 3: lid, 5: phone}
    said = {number: text.encode() for number, text in texts.items() if text is not None}
    return encode([*said.items(), (IN_THE_PHONES_BOOK, 1)])


def switched(*, on: bool) -> bytes:
    """Pinned, or not."""
    return encode([(1, int(on))])


def muted(*, on: bool, until: datetime | None) -> bytes:
    """MuteAction; without an end it is for ever."""
    end = FOREVER if until is None else int(until.timestamp() * MILLISECONDS)
    return encode([(1, int(on)), (2, end if on else None)])


def of_messages_until(*, on: bool, at: float) -> bytes:
    """Archived, or read: with the time (seconds since 1970) of the newest message that this was said of."""
    return encode([(1, int(on)), (2, encode([(1, int(at))]))])
