"""Pictures that a list of chats would show and that nobody has asked for yet: fetched behind it, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.errors import NotFound, RecadoError, TooMany
from recado.domain.instances import Instance
from recado.domain.overviews import ChatOverview
from recado.services.alarm import Alarm
from recado.services.receiving.pictures import Pictures

AGAIN_AFTER: Final = timedelta(days=7)
MOST: Final = 200
"""As many of an instance wait at a time; the ones that were wanted first are let go for newer ones."""

log = structlog.get_logger()


class Portraits:
    """`run` has to be alive. What cannot be had now is wanted again when somebody looks at the list again."""

    def __init__(self, pictures: Pictures, clock: Clock) -> None:
        self._pictures = pictures
        self._clock = clock
        self._wanted: dict[UUID, tuple[Instance, dict[UUID, None]]] = {}
        self._alarm = Alarm(clock)

    @property
    def waiting(self) -> int:
        """How many are still to be asked for."""
        return sum(len(chats) for _, chats in self._wanted.values())

    def want(self, instance: Instance, chats: Iterable[ChatOverview]) -> None:
        """Those of the chats of whose picture nothing is known, or nothing since a week, are asked for."""
        if instance.status != "connected":
            return
        _, waiting = self._wanted.setdefault(instance.id, (instance, {}))
        for one in chats:
            if one.chat.kind in ("person", "group") and self._is_due(one.picture_at):
                waiting.pop(one.chat.id, None)
                waiting[one.chat.id] = None
        for oldest in list(waiting)[: max(0, len(waiting) - MOST)]:
            del waiting[oldest]
        self._alarm.ring()

    async def run(self) -> None:
        """Every instance at its own pace, which is that of `Pictures`."""
        lanes: dict[UUID, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as tasks:
            while True:
                for instance_id in [id for id, (_, waiting) in self._wanted.items() if waiting]:
                    if (lane := lanes.get(instance_id)) is None or lane.done():
                        lanes[instance_id] = tasks.create_task(self._serve(instance_id))
                await self._alarm.wait(None)

    async def _serve(self, instance_id: UUID) -> None:
        instance, waiting = self._wanted[instance_id]
        while waiting:
            chat_id, _ = waiting.popitem()
            try:
                await self._pictures.of_chat(instance, chat_id)
            except NotFound:
                continue
            except TooMany:
                await self._clock.sleep(timedelta(seconds=30))
            except RecadoError as error:
                log.info("portraits.put_off", instance=instance.instance_name, error=error.detail)
                waiting.clear()
            except Exception as error:
                log.warning("portraits.failed", instance=instance.instance_name, error=repr(error))
                waiting.clear()

    def _is_due(self, asked_at: datetime | None) -> bool:
        return asked_at is None or asked_at + AGAIN_AFTER <= self._clock.now()
