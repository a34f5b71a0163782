"""What the phones of the fake network have beyond messages, and how its engine tells it; the test writes it down.

engine.phone("s1").save("critical_unblock_low", ("contact", jid), {"contactAction": {"fullName": "Maria"}})
engine.offer_history("s1", HistoryBatch(session="s1", id="", messages=(…,)))   # a notice comes; fetched by its bytes
engine.phone("s1").groups.append(Group(…)); engine.pictures[jid] = Picture(id="1", image=b"jpeg")
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from recado.clock import Clock
from recado.domain.engine import EngineError, Receipt
from recado.domain.jid import identity_of
from recado.domain.sync import (
    AppStateFetched,
    AppStateItem,
    AppStateItems,
    Group,
    HistoryBatch,
    HistoryFetched,
    HistoryNotice,
    OldestKnown,
    Picture,
)
from tests.engines.fake_network import FakeNetwork

MOST = 200
Index = tuple[str, ...]


@dataclass(slots=True)
class Collection:
    """Each change is a version: an entry that is set, or one that was taken away (None)."""

    changes: list[tuple[Index, dict[str, Any] | None]] = field(default_factory=list)
    told: int = 0  # the version that the host has
    wrong: int = 0  # so many of the next reads fail

    def since(self, version: int) -> tuple[dict[Index, dict[str, Any]], int]:
        """What is set after that version, and how many entries were taken away."""
        entries: dict[Index, dict[str, Any]] = {}
        removed = 0
        for index, value in self.changes[version:]:
            entries.pop(index, None)
            removed += value is None
            if value is not None:
                entries[index] = value
        return entries, removed


@dataclass(slots=True)
class FakePhone:
    """`heard` are what the engine told the phone and others: `("hist_sync", wa_id)`, `("read", …)`, `("typing", …)`."""

    pieces: dict[bytes, HistoryBatch | EngineError] = field(default_factory=dict)
    collections: defaultdict[str, Collection] = field(default_factory=lambda: defaultdict(Collection))
    groups: list[Group] = field(default_factory=list)
    heard: list[tuple[str, Any]] = field(default_factory=list)
    older: HistoryBatch | None = None  # the answer to whoever asks for more
    is_there: bool = True  # it answers who asks for a sign


class FakePhones(FakeNetwork):
    """Implements every extra of `domain.sync`; `_call` is the engine's."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.phones: defaultdict[str, FakePhone] = defaultdict(FakePhone)
        self.pictures: dict[str, Picture] = {}
        self.watched: set[tuple[str, str]] = set()

    def phone(self, session: str) -> FakePhone:
        return self.phones[session]

    def save(self, session: str, collection: str, index: Index, value: dict[str, Any] | None) -> None:
        """Set an entry, or take it away with None; the session is told that something has changed."""
        self.phones[session].collections[collection].changes.append((index, value))
        self.say("app_state_changed", session, collection=collection)

    def offer_history(self, session: str, piece: HistoryBatch | EngineError, *, request: str | None = None) -> bytes:
        """The phone offers a piece, or one that cannot be had; the notification that fetches it."""
        phone = self.phones[session]
        notification = f"piece {len(phone.pieces)}".encode()
        phone.pieces[notification] = piece
        notice = HistoryNotice(
            session=session,
            wa_id=self.clock.new_wa_id(),
            notification=notification,
            sync_type="RECENT" if request is None else "ON_DEMAND",
            chunk_order=len(phone.pieces),
            progress=100,
            request=request,
        )
        self._spawn(self.offer(session, notice))
        return notification

    async def fetch_history(self, session: str, fence: int, id: str, notification: bytes) -> HistoryFetched:
        await self._call("fetch_history", session, fence, None, needs="connected")
        piece = self.phones[session].pieces[notification]
        if isinstance(piece, EngineError):
            raise piece
        piece = replace(piece, session=session, id=id)
        parts = range(0, max(1, len(piece.messages)), MOST)
        for at in parts:
            beside = {} if at == 0 else {"conversations": (), "push_names": (), "people": ()}
            await self._tell(replace(piece, messages=piece.messages[at : at + MOST], **beside))
        return HistoryFetched(conversations=len(piece.conversations), messages=len(piece.messages), skipped=0)

    async def end_history(
        self, session: str, fence: int, wa_id: str | None, notification: bytes, *, is_lost: bool
    ) -> None:
        await self._call("end_history", session, fence, None, needs="connected")
        self.phones[session].heard.append(("server-error" if is_lost else "hist_sync", wa_id))

    async def ask_history(self, session: str, fence: int, oldest: OldestKnown, count: int) -> str:
        await self._call("ask_history", session, fence, None, needs="connected")
        request = self.clock.new_wa_id()
        self.phones[session].heard.append(("request", (oldest, count)))
        if (older := self.phones[session].older) is not None:
            self.offer_history(session, older, request=request)
        return request

    async def fetch_app_state(self, session: str, fence: int, collection: str, version: int | None) -> AppStateFetched:
        await self._call("fetch_app_state", session, fence, None, needs="connected")
        held = self.phones[session].collections[collection]
        if held.wrong > 0:
            held.wrong, held.told = held.wrong - 1, 0
            raise EngineError("server", "mismatching patch MAC", may_retry=True)
        is_full = version is None or version == 0 or version != held.told
        held.told = len(held.changes)
        entries, removed = held.since(0 if is_full else version or 0)
        items = [AppStateItem(index=index, value=value) for index, value in entries.items()]
        for at in range(0, len(items), MOST):
            part = tuple(items[at : at + MOST])
            await self._tell(AppStateItems(session=session, collection=collection, items=part))
        return AppStateFetched(version=held.told, was_full=is_full, removed=0 if is_full else removed)

    async def groups(self, session: str, fence: int) -> list[Group]:
        return await self._call("groups", session, fence, list(self.phones[session].groups), needs="connected")

    async def group(self, session: str, fence: int, chat: str) -> Group:
        found = next((one for one in self.phones[session].groups if one.jid == chat), None)
        answer = await self._call("group", session, fence, found, needs="connected")
        if answer is None:
            raise EngineError("server", "that group does not exist", server_code=404)
        return answer

    async def picture(self, session: str, fence: int, jid: str, known: str | None, *, is_preview: bool) -> Picture:
        held = self.pictures.get(jid) or Picture(id=None, why="none")
        answer = Picture(id=held.id) if held.id is not None and held.id == known else held
        return await self._call("picture", session, fence, answer, needs="connected")

    async def mark_read(
        self, session: str, fence: int, *, chat: str, sender: str | None, wa_ids: list[str], at: datetime
    ) -> None:
        await self._call("mark_read", session, fence, None, needs="connected")
        self.phones[session].heard.append(("read", (chat, sender, tuple(wa_ids))))

    async def set_presence(self, session: str, fence: int, *, is_available: bool) -> None:
        await self._call("set_presence", session, fence, None, needs="connected")
        self.phones[session].heard.append(("presence", "available" if is_available else "unavailable"))

    async def set_typing(self, session: str, fence: int, *, chat: str, state: str) -> None:
        await self._call("set_typing", session, fence, None, needs="connected")
        self.phones[session].heard.append(("typing", state))

    async def watch(self, session: str, fence: int, jid: str) -> None:
        await self._call("watch", session, fence, None, needs="connected")
        self.watched.add((session, jid))

    async def ask_phone(self, session: str, fence: int) -> None:
        await self._call("ask_phone", session, fence, None, needs="connected")
        if self.phones[session].is_there:
            await self.give_sign(session)

    async def give_sign(self, session: str, at: datetime | None = None) -> None:
        """The phone itself confirms something."""
        identity = identity_of(self.devices[session].jid)
        sign = Receipt(
            session=session,
            chat=f"{identity.phone}@s.whatsapp.net",
            chat_identity=identity,
            sender=identity,
            is_from_me=True,
            wa_ids=(self.clock.new_wa_id(),),
            type="peer_msg",
            at=at or self.clock.now(),
            is_from_phone=True,
        )
        await self.offer(session, sign)

    async def _tell(self, told: HistoryBatch | AppStateItems) -> None:
        """Part of a call: when it is not stored, the call fails, and the next fetch begins anew."""
        if self._listener is None:
            raise AssertionError("nobody runs this engine yet")
        try:
            await self._listener.handle(told)
        except Exception as error:
            if isinstance(told, AppStateItems):
                self.phones[told.session].collections[told.collection].told = -1
            raise EngineError("internal", f"not stored: {error}", may_retry=True) from error

    async def _call(self, method: str, session: str, fence: int, answer: Any, needs: str = "") -> Any:
        raise NotImplementedError
