"""Live streams: the event log for clients that are connected, from any position that is still kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from uuid import UUID

from recado.domain.access import Access
from recado.domain.errors import Invalid
from recado.domain.events import LoggedEvent
from recado.domain.sink import LiveStream, Parcel
from recado.services.access import find_instance
from recado.store import log
from recado.store.database import Database
from recado.telemetry import STREAMS

from .parcels import position_gone
from .tail import Tail, Wish


class _Ear:
    """A stream's place at the head of the log."""

    def __init__(self, stream: LiveStream) -> None:
        self._stream = stream

    def hear(self, parcel: Parcel) -> None:
        self._stream.put(parcel)


class Streams:
    """Every client reads at its own pace until it is at the head; from there on one reader serves them all."""

    def __init__(self, database: Database, tail: Tail, open_stream: Callable[[], LiveStream]) -> None:
        self._database = database
        self._tail = tail
        self._open_stream = open_stream
        self._live: dict[LiveStream, UUID | None] = {}

    async def subscribe(
        self,
        access: Access,
        after: int | None = None,
        types: frozenset[str] | None = None,
        instance: str | None = None,
        instance_id: UUID | None = None,
    ) -> AsyncGenerator[LoggedEvent, None]:
        """Events after that position (None: from now on) that this key may see, each once and in order, without end.

        Of one instance by its name, or by its id, which may be removed already.

        Raises Gone when the log no longer keeps what follows `after`, Invalid when it has not come that far, NotFound
        for an instance that the key may not know of. The stream itself raises Dropped when Recado ends it (too slow,
        key revoked) and Unavailable when the database is away: then resume after the last position.
        """
        async with self._database.transaction() as tx:
            if instance_id is None or not access.sees(instance_id):
                instance_id = access.instance_id
            if instance is not None:
                instance_id = (await find_instance(tx, access, instance)).id
            head, oldest = await log.head(tx), await log.oldest(tx)
        if after is not None:
            _check(after, oldest, head)
        start = head if after is None else after
        return self._events(access, start, Wish(instance_id=instance_id, types=types))

    async def head(self) -> int:
        """The position of the log's last event, 0 when there is none yet."""
        async with self._database.glance() as tx:
            return await log.head(tx)

    def drop_key(self, key_id: UUID) -> None:
        """End the streams of a key that has been revoked."""
        for stream in [stream for stream, owner in self._live.items() if owner == key_id]:
            stream.drop("key_revoked", "The key of this stream was revoked.")

    def close(self) -> None:
        """End all streams, because Recado is going down."""
        for stream in list(self._live):
            stream.drop("going_down", "Recado is going down.")

    async def _events(self, access: Access, after: int, wish: Wish) -> AsyncGenerator[LoggedEvent, None]:
        stream = self._open_stream()
        self._live[stream] = access.key_id
        STREAMS.inc()
        try:
            async with aclosing(self._parcels(stream, after, wish)) as parcels:
                async for parcel in parcels:
                    if stream.ended is not None:
                        raise stream.ended
                    yield parcel.event
        finally:
            STREAMS.dec()
            del self._live[stream]
            await stream.close()

    async def _parcels(self, stream: LiveStream, after: int, wish: Wish) -> AsyncGenerator[Parcel, None]:
        async with aclosing(self._tail.catch_up(after, wish)) as windows:
            async for window in windows:
                for parcel in window.parcels:
                    yield parcel
                after = window.reached
        async with self._tail.join(_Ear(stream), wish) as start:
            async with aclosing(self._tail.catch_up(after, wish, until=start)) as windows:
                async for window in windows:
                    for parcel in window.parcels:
                        yield parcel
                    after = window.reached
            async for parcel in stream.parcels():
                if parcel.event.position > after:
                    yield parcel


def _check(after: int, oldest: int, head: int) -> None:
    if after < oldest - 1:
        raise position_gone(after, oldest)
    if after > head:
        raise Invalid(
            "position_unknown",
            f"The log ends at position {head}; there is no {after} yet.",
            field="after",
            hint="Use the seq of the last event that you have.",
            head=head,
        )
