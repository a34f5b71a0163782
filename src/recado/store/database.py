"""The one door to PostgreSQL: connections that are kept, and transactions on them."""

from __future__ import annotations

import asyncio
import contextlib
import select
from collections.abc import AsyncIterator, Iterable
from typing import Any, TypeAlias

import orjson
import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.json import set_json_dumps, set_json_loads

from recado.domain.errors import Unavailable

from .errors import unavailable

Tx: TypeAlias = psycopg.AsyncConnection[Any]
"""A connection inside a transaction: what every function of this package takes first."""

_PATIENCE = 30.0
_CONNECTING: dict[str, Any] = {
    "application_name": "recado",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


class Database:
    """Up to `max_size` connections, opened when they are needed and used again, the warmest first.

    There is nothing in the background: a database that is away is known at once, and one that is back is used at once.
    """

    def __init__(self, url: str, *, prepare_threshold: int | None = 5, max_size: int = 10) -> None:
        self._url = url
        self._prepare_threshold = prepare_threshold
        self._slots = asyncio.Semaphore(max_size)
        self._idle: list[Tx] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, url: str, *, prepare_threshold: int | None = 5, max_size: int = 10) -> AsyncIterator[Database]:
        """Keep connections to `url` until the end of the block.

        `prepare_threshold` is the number of uses after which a statement is prepared; None (for transaction poolers)
        never prepares. Nothing is connected yet when this returns.
        """
        database = cls(url, prepare_threshold=prepare_threshold, max_size=max_size)
        try:
            yield database
        finally:
            await database.close()

    @contextlib.asynccontextmanager
    async def transaction(self, *, locks: Iterable[int] = ()) -> AsyncIterator[Tx]:
        """One transaction: committed at the end of the block, undone by an exception.

        `locks` are advisory ones for its duration; they are taken in their order, in the round trip that begins it.
        Raises Unavailable when the database is away, when it undid the work for another, or when no connection was free
        for 30 s. After a lost connection the commit may have happened all the same. Other errors of the database (see
        `errors.is_data_error`) come as they are.
        """
        async with self._connection() as connection:
            await connection.execute(_beginning(locks))
            try:
                yield connection
            except BaseException:
                if not connection.closed:
                    await connection.rollback()
                raise
            await connection.commit()

    @contextlib.asynccontextmanager
    async def glance(self) -> AsyncIterator[Tx]:
        """For one statement that only reads: a third of the round trips, and each statement sees its own moment.

        Raises what `transaction` does.
        """
        async with self._connection() as connection:
            yield connection

    async def ping(self) -> None:
        """Ask the database for an answer. Raises Unavailable."""
        async with self.glance() as tx:
            await tx.execute("SELECT 1")

    async def close(self) -> None:
        """Close the connections that are idle."""
        while self._idle:
            await self._idle.pop().close()

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Tx]:
        async with self._slot():
            connection = await self._take()
            try:
                yield connection
            except (psycopg.Error, OSError) as error:
                raise unavailable(error) or error from error
            finally:
                await self._give_back(connection)

    @contextlib.asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._slots.acquire()
        except TimeoutError:
            raise Unavailable(
                "database_busy", "All connections to the database are in use.", hint="Try again."
            ) from None
        try:
            yield
        finally:
            self._slots.release()

    async def _take(self) -> Tx:
        while self._idle:
            connection = self._idle.pop()
            if _is_fresh(connection):
                return connection
            await connection.close()
        try:
            return await self._connect()
        except (psycopg.Error, OSError) as error:
            raise unavailable(error) or error from error

    async def _give_back(self, connection: Tx) -> None:
        if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
            await connection.close()
        else:
            self._idle.append(connection)

    async def _connect(self) -> Tx:
        connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, prepare_threshold=self._prepare_threshold, **_CONNECTING
        )
        set_json_dumps(orjson.dumps, connection)
        set_json_loads(orjson.loads, connection)
        if connection.info.parameter_status("TimeZone") != "UTC":
            await connection.execute("SET TIME ZONE 'UTC'")
        return connection


def _beginning(locks: Iterable[int]) -> bytes:
    keys = ",".join(map(str, locks))
    lock = f"; SELECT pg_advisory_xact_lock(key) FROM unnest('{{{keys}}}'::bigint[]) AS t (key)" if keys else ""
    return f"BEGIN{lock}".encode()


def _is_fresh(connection: Tx) -> bool:
    """Whether nothing has come while nobody asked; what comes then is nearly always the server's goodbye."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
