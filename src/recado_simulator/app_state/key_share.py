"""The peer messages about sync keys: a phone shares them, a linked device asks for those it lacks."""

from __future__ import annotations

from collections.abc import Iterable

from recado_simulator.account import Account
from recado_simulator.app_state.sync_key import SyncKey
from recado_simulator.protobuf import MalformedProtobuf, bytes_of, decode, encode, int_of, pack

PROTOCOL = 12
KEY_SHARE, KEY_REQUEST = 6, 7
TYPE, SHARE, REQUEST = 2, 7, 8


def share(account: Account, keys: Iterable[tuple[bytes, SyncKey | None]]) -> bytes:
    """The Message that gives keys by id; None for one that the phone does not have."""
    indexes = pack([0, *account.devices])
    fingerprint = encode([(1, account.raw_id), (2, account.last_device), (3, indexes)])
    shared = encode((1, shared_key(id, key, fingerprint)) for id, key in keys)
    return encode([(PROTOCOL, encode([(TYPE, KEY_SHARE), (SHARE, shared)]))])


def shared_key(id: bytes, key: SyncKey | None, fingerprint: bytes) -> bytes:
    data = encode([(1, key.data), (2, fingerprint), (3, key.made_at)]) if key else None
    return encode([(1, encode([(1, id)])), (2, data)])


def requested(message: bytes) -> list[bytes]:
    """The ids of the keys that a Message asks for; none when it is about something else."""
    try:
        protocol = decode(bytes_of(decode(message), PROTOCOL) or b"")
        if int_of(protocol, TYPE) != KEY_REQUEST:
            return []
        ids = decode(bytes_of(protocol, REQUEST) or b"").get(1, ())
        return [bytes_of(decode(id), 1) or b"" for id in ids if isinstance(id, bytes)]
    except MalformedProtobuf:
        return []
