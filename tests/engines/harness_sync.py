"""What the contract for an engine's extras needs of a network, beyond messages."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from recado.domain.sync import HistoryNotice
from tests.engines.harness import EngineHarness, link

Trouble = Literal["gone", "hash", "zlib"]


class SyncHarness(EngineHarness, Protocol):
    """The engine has every extra of `domain.sync`."""

    engine: Any

    async def ready(self, session: str) -> None:
        """What the phone tells a device that has just been linked has been told."""

    async def offer_history(self, session: str, texts: list[str], *, trouble: Trouble | None = None) -> None:
        """The phone offers a piece: one chat, with `somebody`, who has written these, the oldest first."""

    async def answers_requests(self, session: str, texts: list[str]) -> None:
        """When it is asked for older messages of that chat, the phone has these."""

    async def has_heard(self, session: str) -> list[str]:
        """What the phone was told of its offers: `hist_sync`, `server-error`."""

    async def save_name(self, session: str, phone: str, name: str) -> None:
        """On the phone, somebody is saved in the address book."""

    async def forget_name(self, session: str, phone: str) -> None:
        """On the phone, somebody is taken out of it."""

    async def spoil_names(self, session: str) -> None:
        """The network's next answer about the address book is wrong."""

    async def add_group(self, session: str, subject: str) -> str:
        """The JID of a group of the session's phone and `somebody`, who is its admin."""

    async def set_picture(self, image: bytes | None) -> None:
        """Somebody's picture, or none."""

    async def hide_picture(self) -> None: ...

    async def type(self, session: str, state: str) -> None:
        """Somebody types to the session's phone."""

    async def be_there(self, *, is_available: bool) -> None:
        """Somebody comes or goes."""

    async def sees_typing(self, session: str) -> str | None:
        """What somebody sees the session's phone do."""

    async def sees_presence(self, session: str) -> str | None: ...

    async def is_read(self, session: str, wa_id: str) -> bool:
        """Whether somebody was told that it has been read."""


async def ready(harness: SyncHarness) -> None:
    """`s1` is linked, and its phone has told what it tells a new device."""
    await link(harness, "s1")
    await harness.ready("s1")


async def offered(harness: SyncHarness, *texts: str, trouble: Trouble | None = None) -> HistoryNotice:
    """The notice of a piece with these texts."""
    before = len(notices(harness))
    await harness.offer_history("s1", list(texts), trouble=trouble)
    await harness.listener.until(lambda: len(notices(harness)) > before)
    return notices(harness)[before]


def notices(harness: SyncHarness) -> list[HistoryNotice]:
    return [one for one in harness.listener.heard if isinstance(one, HistoryNotice)]
