"""The history of phones: what they hand over by themselves, and older messages that somebody asks for."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.chats import Chat
from recado.domain.engine import Engine, EngineError
from recado.domain.errors import Conflict, NotFound, Unavailable
from recado.domain.history import REQUEST_ENDS_AFTER, History, OlderMessages, Piece
from recado.domain.instances import Instance
from recado.domain.sync import HistoryBatch, HistoryFetched, HistoryNotice, HistorySource, OldestKnown
from recado.services.alarm import Alarm
from recado.services.bell import Bell
from recado.services.calls import Calls
from recado.services.line import not_connected
from recado.services.patience import patiently
from recado.services.receiving.history_worker import HistoryWorker
from recado.services.roster import Roster
from recado.store import chats, history_pieces, history_requests, identities
from recado.store.database import Database, Tx

_log = structlog.get_logger()


class Histories:
    """`run` has to be alive for everything else; `handle` is what the engine tells.

    `calls` brings what is asked of a phone to the process where its instance is connected.
    """

    def __init__(
        self, database: Database, engine: Engine, roster: Roster, clock: Clock, bell: Bell, calls: Calls
    ) -> None:
        self._database = database
        self._source = source = engine if isinstance(engine, HistorySource) else _NoHistory()
        self._roster = roster
        self._clock = clock
        self._answers = Bell()
        self._alarm = Alarm(clock)
        self._calls = calls
        calls.offer("history.ask", self._ask)
        self._worker = HistoryWorker(database, source, roster, clock, bell, on_answer=self._answers.ring)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._worker.run())
            tasks.create_task(self._end_requests())

    async def handle(self, told: HistoryNotice | HistoryBatch) -> None:
        """Return when it is stored. Raises Unavailable or NotFound when it is not to be."""
        if isinstance(told, HistoryNotice):
            await self._worker.intake.take_notice(told)
        else:
            await self._worker.intake.take_batch(told)

    async def progress(self, instance: Instance) -> History:
        """How far the phone's last offer is stored."""
        async with self._database.transaction() as tx:
            return await history_pieces.progress(tx, instance.id)

    async def pieces(self, instance: Instance, *, limit: int = 50) -> list[Piece]:
        """What the phone has offered, the newest first."""
        async with self._database.glance() as tx:
            return await history_pieces.recent(tx, instance.id, limit)

    async def requests(self, instance: Instance, chat_id: UUID, *, limit: int = 50) -> list[OlderMessages]:
        """What was asked of the phone about this chat, the newest first. Raises NotFound (no such chat)."""
        async with self._database.transaction() as tx:
            chat = await _chat(tx, instance, chat_id)
            return await history_requests.of_chat(tx, chat.id, limit)

    async def ask(self, instance: Instance, chat_id: UUID, count: int) -> OlderMessages:
        """Ask the phone for older messages of a chat; the request that has no end yet, if there is one.

        Raises NotFound (no such chat), Conflict (not connected; nothing to begin from; the phone has no older ones),
        Unavailable (it could not be asked).
        """
        told = await self._calls.make(instance, "history.ask", chat_id=str(chat_id), count=count)
        self._alarm.ring()
        return await self._request(UUID(told["request"]))

    async def _ask(self, instance: Instance, chat_id: str, count: int) -> dict[str, Any]:
        fence = self._roster.fence_of(instance.id)
        if fence is None:
            raise not_connected(instance)
        locks = identities.locks([instance.id])
        async with self._database.transaction(locks=locks) as tx:
            chat = await _chat(tx, instance, UUID(chat_id))
            asked = await history_requests.open_one(tx, instance.id, chat.id)
            if asked is not None:
                return {"request": str(asked.id)}
            oldest = await self._oldest(tx, chat)
            now = self._clock.now()
            asked = await history_requests.add(
                tx,
                self._clock.new_id(),
                instance.id,
                chat.id,
                count=count,
                now=now,
                until=now + REQUEST_ENDS_AFTER,
            )
        self._alarm.ring()
        await self._pass_on(instance, fence, asked, oldest)
        return {"request": str(asked.id)}

    async def settled(self, request: OlderMessages) -> OlderMessages:
        """The request once it has come to its end, which is at its deadline at the latest."""
        with self._answers.listen() as ear:
            while request.state == "asked":
                await ear.wait(timedelta(seconds=1))
                request = await self._request(request.id)
        return request

    async def _pass_on(self, instance: Instance, fence: int, asked: OlderMessages, oldest: OldestKnown) -> None:
        try:
            request = await self._source.ask_history(str(instance.id), fence, oldest, asked.count)
        except EngineError as error:
            async with self._database.transaction() as tx:
                await history_requests.fail(tx, asked.id, str(error), self._clock.now())
            if error.kind == "not_connected":
                raise not_connected(instance) from error
            raise Unavailable(
                "engine_" + error.kind, f"The phone could not be asked: {error}", hint="Try again in some seconds."
            ) from error
        async with self._database.transaction(locks=identities.locks([instance.id])) as tx:
            await history_requests.name(tx, asked.id, request)
            await history_requests.answer(tx, instance.id, request, self._clock.now())

    async def _oldest(self, tx: Tx, chat: Chat) -> OldestKnown:
        if not await history_requests.has_older(tx, chat.id):
            raise Conflict(
                "no_older_messages",
                "The phone has said that it has no older messages of this chat.",
                hint="All that there is has been handed over.",
            )
        oldest = await history_requests.oldest(tx, chat.id)
        if oldest is None:
            raise Conflict(
                "no_message_to_begin_from",
                "This chat has no message yet, so nobody can be asked for what came before it.",
                hint="Ask again when it has one.",
            )
        return oldest

    async def _request(self, id: UUID) -> OlderMessages:
        async with self._database.glance() as tx:
            request = await history_requests.get(tx, id)
        if request is None:
            raise NotFound("request_gone", "The request was removed in the meantime, with its chat.")
        return request

    async def _end_requests(self) -> None:
        """Those that the phone does not answer in time."""
        while True:
            await self._alarm.wait(await patiently(self._clock, "history requests", self._expire))

    async def _expire(self) -> datetime | None:
        async with self._database.transaction() as tx:
            ended = await history_requests.expire(tx, self._clock.now())
            until = await history_requests.next_until(tx)
        if ended:
            self._answers.ring()
        return until


class _NoHistory:
    """What stands in for an engine that has none: nothing is ever offered, and nobody can be asked."""

    async def fetch_history(self, session: str, fence: int, id: str, notification: bytes) -> HistoryFetched:
        raise _unsupported()

    async def end_history(
        self, session: str, fence: int, wa_id: str | None, notification: bytes, *, is_lost: bool
    ) -> None:
        raise _unsupported()

    async def ask_history(self, session: str, fence: int, oldest: OldestKnown, count: int) -> str:
        raise _unsupported()


def _unsupported() -> EngineError:
    return EngineError("unsupported", "this way of connecting to WhatsApp has no history")


async def _chat(tx: Tx, instance: Instance, id: UUID) -> Chat:
    chat = await chats.get_chat(tx, instance.id, id)
    if chat is None:
        detail = f"{instance.instance_name} has no chat {id}."
        raise NotFound("unknown_chat", detail, hint="The list of its chats has those that there are.")
    return chat
