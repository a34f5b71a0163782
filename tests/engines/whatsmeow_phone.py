"""The phone behind a session of the whatsmeow host, and somebody who looks at it, both the simulator's."""

from __future__ import annotations

from collections.abc import Sequence

from recado.engines.whatsmeow import Whatsmeow
from recado_simulator import Chunk, Contact, Conversation, History, HistoryMessage, Network, Phone, SyncType
from tests.engines.harness import round_trips
from tests.engines.harness_sync import Trouble
from tests.engines.notebook import Notebook

_AT = 1_760_000_000


class PhoneSide:
    """What a harness can do beyond messages."""

    engine: Whatsmeow
    network: Network
    listener: Notebook
    contact: Contact

    def phone(self, session: str) -> Phone:
        raise NotImplementedError

    async def ready(self, session: str) -> None:
        await self.listener.signalled("app_state_changed", session, count=5)
        await round_trips(self.engine, session)

    async def offer_history(self, session: str, texts: list[str], *, trouble: Trouble | None = None) -> None:
        chunk = Chunk.of(SyncType.RECENT, [Conversation(self._chat, messages=_messages(texts), pn=self._chat)])
        await self.phone(session).offer_history([chunk], broken=trouble)

    async def answers_requests(self, session: str, texts: list[str]) -> None:
        known = HistoryMessage(id="M1", at=_AT + 1_000_000, text="known")
        chat = Conversation(self._chat, messages=[known], older=_messages(texts))
        self.phone(session).history = History(conversations=[chat])

    async def has_heard(self, session: str) -> list[str]:
        return [type for offer in self.phone(session).offers for type in offer.receipts]

    async def save_name(self, session: str, phone: str, name: str) -> None:
        self.phone(session).book.save(f"{phone}@s.whatsapp.net", name)

    async def forget_name(self, session: str, phone: str) -> None:
        self.phone(session).book.remove(f"{phone}@s.whatsapp.net")

    async def spoil_names(self, session: str) -> None:
        self.phone(session).app_state.break_mac("critical_unblock_low", "patch")

    async def add_group(self, session: str, subject: str) -> str:
        members = [self.phone(session), self.contact]
        return str(self.network.add_group(subject, members, admins=[self.contact]))

    async def set_picture(self, image: bytes | None) -> None:
        if image is None:
            self.network.remove_picture(self.contact)
        else:
            self.network.set_picture(self.contact, image)

    async def hide_picture(self) -> None:
        self.network.hide_picture(self.contact)

    async def type(self, session: str, state: str) -> None:
        await self.contact.type(self.phone(session), state)

    async def be_there(self, *, is_available: bool) -> None:
        await self.contact.set_presence(available=is_available)

    async def sees_typing(self, session: str) -> str | None:
        return self.contact.sees.typing(self.phone(session))

    async def sees_presence(self, session: str) -> str | None:
        return self.contact.sees.presence(self.phone(session))

    async def is_read(self, session: str, wa_id: str) -> bool:
        return any(wa_id in one.ids for one in self.contact.sees.receipts(self.phone(session), "read"))

    @property
    def _chat(self) -> str:
        return f"{self.contact.phone}@s.whatsapp.net"


def _messages(texts: Sequence[str]) -> list[HistoryMessage]:
    return [HistoryMessage(id=f"H{n}", at=_AT + n, text=text) for n, text in enumerate(texts)]
