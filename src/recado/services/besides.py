"""What goes on beside messages: names and settings from the phone, groups, pictures, presence; put together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from recado.clock import Clock
from recado.domain.engine import Engine, EngineError, Inbound, Signal
from recado.domain.instances import id_of
from recado.domain.sync import (
    AppStateFetched,
    AppStateItems,
    AppStateSource,
    Conversing,
    Group,
    GroupSource,
    Picture,
    PictureSource,
    Presence,
    Typing,
)
from recado.services.bell import Bell
from recado.services.calls import Calls
from recado.services.conversing import Conversations
from recado.services.reading.groups import Groups
from recado.services.receiving.app_state import AppState
from recado.services.receiving.group_reader import GroupReader
from recado.services.receiving.pictures import Pictures
from recado.services.roster import Roster
from recado.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Besides:
    """`run` is alive for as long as the rest; `heard` is told of what the committer has stored."""

    app_state: AppState
    group_reader: GroupReader
    groups: Groups
    pictures: Pictures
    conversations: Conversations

    @classmethod
    def over(
        cls, database: Database, engine: Engine, roster: Roster, clock: Clock, bell: Bell, calls: Calls
    ) -> Besides:
        """What an engine lacks answers as unknown."""
        return cls(
            app_state=AppState(database, _as(engine, AppStateSource), roster, clock, bell),
            group_reader=GroupReader(database, _as(engine, GroupSource), roster, clock, bell),
            groups=Groups(database),
            pictures=Pictures(database, _as(engine, PictureSource), roster, clock, calls),
            conversations=Conversations(database, _as(engine, Conversing), roster, clock, bell, calls),
        )

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.app_state.run())
            tasks.create_task(self.group_reader.run())
            tasks.create_task(self.pictures.run())

    async def handle(self, told: AppStateItems | Typing | Presence) -> None:
        """Raises Unavailable when it has to be told again."""
        if isinstance(told, AppStateItems):
            await self.app_state.handle(told)
        else:
            await self.conversations.handle(told)

    def heard(self, inbound: Inbound) -> None:
        """It is stored; perhaps the network has to be asked for more."""
        self.group_reader.heard(inbound)
        self.pictures.heard(inbound)

    def signal(self, signal: Signal) -> None:
        if signal.type == "app_state_changed":
            self.app_state.changed(signal)
        elif signal.type == "paired" and (instance_id := id_of(signal.session)):
            self.app_state.paired(instance_id)
            self.group_reader.paired(instance_id)


class _Lacking:
    """Stands in for what an engine cannot do. Every call raises EngineError (`unknown_method`)."""

    async def fetch_app_state(self, session: str, fence: int, collection: str, version: int | None) -> AppStateFetched:
        self._refuse()

    async def groups(self, session: str, fence: int) -> list[Group]:
        self._refuse()

    async def group(self, session: str, fence: int, chat: str) -> Group:
        self._refuse()

    async def picture(self, session: str, fence: int, jid: str, known: str | None, *, is_preview: bool) -> Picture:
        self._refuse()

    async def mark_read(
        self, session: str, fence: int, *, chat: str, sender: str | None, wa_ids: list[str], at: datetime
    ) -> None:
        self._refuse()

    async def set_presence(self, session: str, fence: int, *, is_available: bool) -> None:
        self._refuse()

    async def set_typing(self, session: str, fence: int, *, chat: str, state: str) -> None:
        self._refuse()

    async def watch(self, session: str, fence: int, jid: str) -> None:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise EngineError("unknown_method", "this engine cannot do that")


def _as(engine: Engine, extra: Any) -> Any:
    return engine if isinstance(engine, extra) else _Lacking()
