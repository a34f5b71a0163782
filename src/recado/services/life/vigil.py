"""What is watched while an instance is connected: whether anything comes, and whether its phone is still there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from recado.clock import Clock
from recado.domain.engine import Engine, Signal
from recado.domain.instances import id_of
from recado.domain.sync import Heard
from recado.services.roster import Roster
from recado.store.database import Database

from .liveness import Liveness
from .phones import Orders, Phones


@dataclass(frozen=True, slots=True, kw_only=True)
class Vigil:
    """Told of all that is heard, before it is stored. `run` is alive for as long as the rest."""

    phones: Phones
    liveness: Liveness

    @classmethod
    def over(cls, database: Database, engine: Engine, roster: Roster, clock: Clock, orders: Orders) -> Vigil:
        phones = Phones(database, engine, roster, clock, orders)
        return cls(phones=phones, liveness=Liveness(database, roster, clock, orders, phones.ask))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.phones.run())
            tasks.create_task(self.liveness.run())

    def heard(self, heard: Heard) -> None:
        self.phones.heard(heard)
        self.liveness.heard(heard)

    def signal(self, signal: Signal) -> None:
        if signal.type == "paired" and (instance_id := id_of(signal.session)):
            self.phones.paired(instance_id)
