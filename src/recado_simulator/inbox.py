"""An inbox: what a played device has received and decrypted, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from recado_simulator.jid import GROUP_SERVER, Jid
from recado_simulator.ledger import LedgerRow


@dataclass(slots=True, kw_only=True, eq=False)
class InboxMessage:
    """`n` counts from 1; `account` is the sender's number, `chat` the address that the sender used, or the group.

    `at` is seconds since 1970 UTC; `copies` counts how often it came; `is_from_me`: sent by an own linked device.
    """

    n: int
    id: str
    account: str
    chat: Jid
    text: str | None
    message: bytes
    at: float
    row: LedgerRow | None
    is_from_me: bool = False
    copies: int = 1
    is_read: bool = False


class Inbox:
    """Iterates over its messages; the same id from the same account in the same place is kept once."""

    def __init__(self) -> None:
        self._messages: list[InboxMessage] = []
        self._known: dict[tuple[str, str, str], InboxMessage] = {}
        self._waiting: list[tuple[Callable[[InboxMessage], bool], asyncio.Future[InboxMessage]]] = []

    def __iter__(self) -> Iterator[InboxMessage]:
        return iter(self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    def find(self, account: str, id: str, chat: Jid | None = None) -> InboxMessage | None:
        """The message of this id from an account; `chat` is needed when it was written into a group."""
        return self._known.get((account, id, group_of(chat)))

    def add(self, message: InboxMessage) -> None:
        self._messages.append(message)
        self._known[message.account, message.id, group_of(message.chat)] = message
        for matches, found in self._waiting:
            if not found.done() and matches(message):
                found.set_result(message)

    async def wait(self, matches: Callable[[InboxMessage], bool], timeout: float | None) -> InboxMessage:
        """The first message that matches, those already there included. Raises TimeoutError; None waits for ever."""
        for message in self._messages:
            if matches(message):
                return message
        found: asyncio.Future[InboxMessage] = asyncio.get_running_loop().create_future()
        entry = (matches, found)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(timeout):
                return await found
        except TimeoutError:
            raise TimeoutError(f"no such message among {len(self)}: {[m.text for m in self][-5:]}") from None
        finally:
            self._waiting.remove(entry)


def group_of(chat: Jid | None) -> str:
    """The group that a message was written into, else nothing: one person has two addresses."""
    return str(chat) if chat is not None and chat.server == GROUP_SERVER else ""
