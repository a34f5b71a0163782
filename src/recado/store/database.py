"""The one door to PostgreSQL: connections that are kept, and transactions on them."""

from __future__ import annotations

import asyncio
import contextlib
import select
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any, LiteralString, TypeAlias, TypeVar

import orjson
import psycopg
from psycopg import generators, pq, sql, waiting
from psycopg.abc import PQGen
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.types.json import set_json_dumps, set_json_loads

from recado.domain.errors import Unavailable

from .errors import unavailable

T = TypeVar("T")
_POLLS_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the database, with the JSON that it is called with."""

    function: LiteralString
    documents: tuple[str | bytes, ...]


class Connection(psycopg.AsyncConnection[Any]):
    """`answer` is that of the question which the transaction began with, as text."""

    answer: bytes = b""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._last_words: list[tuple[Call, Callable[[bytes], None]]] = []

    def call_last(self, call: Call, told: Callable[[bytes], None]) -> None:
        """Call it in the round trip that commits; what it answers is `told` once that is done."""
        self._last_words.append((call, told))

    async def begin(self, locks: Iterable[int], asks: Call | None) -> None:
        """A transaction with advisory locks, and a question that is put to the database when it has them."""
        self._last_words.clear()
        results = await self.say(_beginning(locks) + (self._words(asks) if asks else b""))
        self.answer = results[-1].get_value(0, 0) or b"" if asks else b""

    async def end(self) -> None:
        """Commit, after the calls that were to come last."""
        words, self._last_words = self._last_words, []
        results = await self.say(b"".join(self._words(call) for call, _ in words) + b"COMMIT")
        for (_, told), result in zip(words, results, strict=False):
            told(result.get_value(0, 0) or b"")

    def _words(self, call: Call) -> bytes:
        escaping = pq.Escaping(self.pgconn)
        literals = (escaping.escape_literal(_encoded(document)) for document in call.documents)
        return b"SELECT %b(%b);" % (call.function.encode(), b",".join(bytes(literal) for literal in literals))

    async def say(self, statements: bytes) -> list[PGresult]:
        """Statements without parameters, and their answers. A cursor would be two fifths of what they cost."""
        async with self.lock:
            self.pgconn.send_query(statements)
            results: list[PGresult] = await self.wait(generators.execute(self.pgconn))
        if results[-1].status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(results[-1], encoding=self.info.encoding)
        return results

    async def wait(self, gen: PQGen[T], interval: float = _POLLS_EVERY, timeout: float | None = None) -> T:
        """As psycopg's, but whoever is cancelled leaves a server that stands still at once, not after ten seconds."""
        try:
            return await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=timeout)
        except asyncio.CancelledError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                await self._take_back(gen)
            raise

    async def _take_back(self, gen: PQGen[T]) -> None:
        """Have the server drop what it is doing; where it does not answer, drop the connection."""
        try:
            await self.cancel_safe(timeout=_LEAVES_AFTER)
            await waiting.wait_async(gen, self.pgconn.socket, interval=_POLLS_EVERY, timeout=_LEAVES_AFTER)
        except psycopg.errors.QueryCanceled:
            return
        except BaseException as error:
            self.pgconn.finish()
            if not isinstance(error, Exception):
                raise


Tx: TypeAlias = Connection
"""A connection inside a transaction: what every function of this package takes first."""

_PATIENCE = 30.0
_RESERVED = 2
_LEAVES_AFTER = 0.5
# Where row-level security would hide rows from Recado, its statements shall fail instead of finding nothing.
# A worker that stands still in a transaction must not keep its locks from whoever takes its place; nor may those of its
# transactions that wait for a lock get it then, one after the other, each for as long again.
_SET = (
    b"SET row_security = off; SET TIME ZONE 'UTC'; "
    b"SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '9s'"
)
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

    Two of them are for what must not wait behind everybody else: who keeps leases has to say so in time.
    There is nothing in the background: a database that is away is known at once, and one that is back is used at once.
    """

    def __init__(self, url: str, *, prepare_threshold: int | None = 5, max_size: int = 10) -> None:
        self._url = url
        self._prepare_threshold = prepare_threshold
        reserved = min(_RESERVED, max_size // 2)
        self._slots = asyncio.Semaphore(max_size - reserved)
        self._reserve = asyncio.Semaphore(reserved)
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
    async def transaction(
        self, *, locks: Iterable[int] = (), asks: Call | None = None, urgent: bool = False
    ) -> AsyncIterator[Tx]:
        """One transaction: committed at the end of the block, undone by an exception.

        `locks` are advisory ones for its duration; they are taken in their order, in the round trip that begins it.
        What it `asks` goes out with them, and is answered as things stand once they are held (`Connection.answer`).
        An `urgent` one does not wait for those that are not.
        Raises Unavailable when the database is away, when it undid the work for another, or when no connection was free
        for 30 s. After a lost connection the commit may have happened all the same. Other errors of the database (see
        `errors.is_data_error`) come as they are.
        """
        async with self._connection(self._reserve if urgent else self._slots) as connection:
            await connection.begin(locks, asks)
            try:
                yield connection
                await connection.end()
            except asyncio.CancelledError:
                await connection.close()  # which undoes it without waiting for a server that may stand still
                raise
            except BaseException:
                if not connection.closed:
                    await connection.rollback()
                raise

    @contextlib.asynccontextmanager
    async def glance(self) -> AsyncIterator[Tx]:
        """For one statement that only reads: a third of the round trips, and each statement sees its own moment.

        Raises what `transaction` does.
        """
        async with self._connection(self._slots) as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def hearing(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        """What is notified on that channel during the block, over a connection of its own beside the others.

        Raises Unavailable. Behind a pooler that lends connections by the transaction nothing is ever heard.
        """
        try:
            connection = await self._connect()
        except (psycopg.Error, OSError) as error:
            raise unavailable(error) or error from error
        try:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            yield (notify.payload async for notify in connection.notifies())
        except (psycopg.Error, OSError) as error:
            raise unavailable(error) or error from error
        finally:
            await connection.close()

    async def ping(self) -> None:
        """Ask the database for an answer. Raises Unavailable."""
        async with self.glance() as tx:
            await tx.execute("SELECT 1")

    async def close(self) -> None:
        """Close the connections that are idle."""
        while self._idle:
            await self._idle.pop().close()

    @contextlib.asynccontextmanager
    async def _connection(self, slots: asyncio.Semaphore) -> AsyncIterator[Tx]:
        async with _slot(slots):
            connection = await self._take()
            try:
                yield connection
            except (psycopg.Error, OSError) as error:
                raise unavailable(error) or error from error
            finally:
                await self._give_back(connection)

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
        connection = await Connection.connect(
            self._url, autocommit=True, prepare_threshold=self._prepare_threshold, **_CONNECTING
        )
        set_json_dumps(orjson.dumps, connection)
        set_json_loads(orjson.loads, connection)
        await connection.execute(_SET)
        return connection


@contextlib.asynccontextmanager
async def _slot(slots: asyncio.Semaphore) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_PATIENCE):
            await slots.acquire()
    except TimeoutError:
        raise Unavailable("database_busy", "All connections to the database are in use.", hint="Try again.") from None
    try:
        yield
    finally:
        slots.release()


def _beginning(locks: Iterable[int]) -> bytes:
    keys = ",".join(map(str, locks))
    lock = f"; SELECT pg_advisory_xact_lock(key) FROM unnest('{{{keys}}}'::bigint[]) AS t (key)" if keys else ""
    return f"BEGIN{lock};".encode()


def _encoded(document: str | bytes) -> bytes:
    return document.encode() if isinstance(document, str) else document


def _is_fresh(connection: Tx) -> bool:
    """Whether nothing has come while nobody asked; what comes then is nearly always the server's goodbye."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
