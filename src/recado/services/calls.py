"""Calls that need an instance's connection: made here when it is here, else by the process that has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from recado.domain.errors import NotFound
from recado.domain.instances import Instance
from recado.services.commands import Commands
from recado.services.line import not_connected
from recado.services.roster import Roster
from recado.store import instances
from recado.store.database import Database

Perform = Callable[..., Awaitable[dict[str, Any]]]
"""Given an instance of this process and the call's params by name; both these and the result have to be JSON."""

BEGINS_WITHIN: Final = timedelta(seconds=10)
ENDS_WITHIN: Final = timedelta(seconds=75)


class Calls:
    """`offer` says how a call is made, `make` has it made. Without `commands` only what is connected here is reached.

    What a call finds out is stored where everybody can read it; its result holds what else the asker has to know.
    """

    def __init__(self, database: Database, roster: Roster, commands: Commands | None = None) -> None:
        self._database = database
        self._roster = roster
        self._commands = commands
        self._offered: dict[str, Perform] = {}

    def offer(self, name: str, perform: Perform) -> None:
        """Calls of that name are made so, for whichever process asks. `perform` may raise RecadoError."""
        self._offered[name] = perform
        if self._commands is not None:
            self._commands.offer(name, self._asked)

    async def make(self, instance: Instance, name: str, **params: Any) -> dict[str, Any]:
        """Have it made where the instance is connected; its result.

        Raises Conflict (connected nowhere; nothing was done), Unavailable (the process that has it did not begin in
        time, and nothing was done; or did not answer, and nobody knows), and whatever the call raises.
        """
        if self._roster.fence_of(instance.id) is not None:
            return await self._offered[name](instance, **params)
        if self._commands is None or not await self._commands.is_held_elsewhere(instance.id):
            raise not_connected(instance)
        return await self._commands.ask(instance.id, name, params, begins_within=BEGINS_WITHIN, ends_within=ENDS_WITHIN)

    async def _asked(self, instance_id: UUID, name: str, params: dict[str, Any]) -> dict[str, Any]:
        """A call of another process."""
        async with self._database.glance() as tx:
            instance = await instances.get(tx, instance_id)
        if instance is None:
            raise NotFound("unknown_instance", "The instance was removed in the meantime.")
        if self._roster.fence_of(instance_id) is None:
            raise not_connected(instance)
        return await self._offered[name](instance, **params)
