"""A chunk: one part of a phone's past, packed as it travels."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from recado_simulator.history.conversation import Conversation
from recado_simulator.protobuf import Value, encode


class SyncType(IntEnum):
    """What a chunk is for."""

    INITIAL_BOOTSTRAP = 0
    INITIAL_STATUS_V3 = 1
    FULL = 2
    RECENT = 3
    PUSH_NAME = 4
    NON_BLOCKING_DATA = 5
    ON_DEMAND = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """`payload` is the HistorySync in zlib, `progress` percent, `oldest_at` seconds since 1970 UTC (None: no messages).

    `messages` counts its messages, repeated and unreadable ones included.
    """

    sync_type: SyncType
    order: int
    progress: int
    oldest_at: int | None
    messages: int
    payload: bytes

    @classmethod
    def of(
        cls,
        sync_type: SyncType,
        conversations: Iterable[Conversation] = (),
        *,
        order: int = 1,
        progress: int = 100,
        push_names: Mapping[str, str] | None = None,
        lids: Mapping[str, str] | None = None,
        nonce: str = "",
    ) -> Self:
        """Packs a chunk. `push_names` are by JID, `lids` by phone number JID; `nonce` is the companion's."""
        told = list(conversations)
        fields: list[tuple[int, Value | None]] = [(1, sync_type)]
        fields += [(2, conversation.encode()) for conversation in told]
        fields += [(5, order), (6, progress)]
        fields += [(7, pair(jid, name)) for jid, name in (push_names or {}).items()]
        fields += [(15, pair(pn, lid)) for pn, lid in (lids or {}).items()]
        fields.append((16, nonce.encode() or None))
        return cls(
            sync_type=sync_type,
            order=order,
            progress=progress,
            oldest_at=min((message.at for one in told for message in one.messages), default=None),
            messages=sum(len(one.messages) for one in told),
            payload=zlib.compress(encode(fields)),
        )


def pair(first: str, second: str) -> bytes:
    return encode([(1, first.encode()), (2, second.encode())])
