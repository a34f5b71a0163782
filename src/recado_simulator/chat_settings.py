"""What a phone has set about its chats: archived, muted, pinned, read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from recado_simulator.app_state.actions import ARCHIVE, MARK_READ, MUTE, PIN, Action, muted, of_messages_until, switched
from recado_simulator.book import address_of
from recado_simulator.letter import Address

if TYPE_CHECKING:
    from recado_simulator.phone import Phone


class ChatSettings:
    """`chat` is a contact, a number, a group or a JID; `address` which address of a person names the chat."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    def archive(self, chat: object, on: bool = True, *, address: Address = "lid") -> None:
        """An archived chat is not pinned any more."""
        with self._phone.app_state.together():
            self._set(ARCHIVE, chat, of_messages_until(on=on, at=self._phone.network.now()), address)
            if on:
                self.pin(chat, on=False, address=address)

    def mute(self, chat: object, until: datetime | None = None, on: bool = True, *, address: Address = "lid") -> None:
        """Until a time, or for ever."""
        self._set(MUTE, chat, muted(on=on, until=until), address)

    def pin(self, chat: object, on: bool = True, *, address: Address = "lid") -> None:
        self._set(PIN, chat, switched(on=on), address)

    def mark_read(self, chat: object, on: bool = True, *, address: Address = "lid") -> None:
        """Read, or marked as unread."""
        self._set(MARK_READ, chat, of_messages_until(on=on, at=self._phone.network.now()), address)

    def _set(self, action: Action, chat: object, body: bytes, address: Address) -> None:
        network = self._phone.network
        jid = address_of(network, chat, address)
        self._phone.app_state.set(action.collection, action.entry(network.now(), body, str(jid)))
