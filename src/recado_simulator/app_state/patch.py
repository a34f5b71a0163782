"""Patches and snapshots of a collection, and the MACs that tie them to all that came before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from recado_simulator.app_state import lthash
from recado_simulator.app_state.record import Mutation, Record
from recado_simulator.app_state.sync_key import SyncKey
from recado_simulator.keys import hmac_sha256
from recado_simulator.protobuf import bytes_of, decode, encode, int_of, required_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """SyncdPatch: the changes that lead to `version`."""

    version: int
    mutations: tuple[Mutation, ...]
    snapshot_mac: bytes
    patch_mac: bytes
    key_id: bytes

    def encode(self, external: bytes | None = None) -> bytes:
        """With `external` (an ExternalBlobReference) the mutations are not inside."""
        mutations = [(3, external)] if external else [(2, mutation.encode()) for mutation in self.mutations]
        macs = [(4, self.snapshot_mac), (5, self.patch_mac), (6, encode([(1, self.key_id)]))]
        return encode([(1, encode([(1, self.version)])), *mutations, *macs])

    def encode_mutations(self) -> bytes:
        """SyncdMutations: what an external blob holds."""
        return encode([(1, mutation.encode()) for mutation in self.mutations])

    @classmethod
    def decode(cls, data: bytes, version: int = 0) -> Self:
        """`version` is that of a patch which does not say it. Raises MalformedProtobuf."""
        fields = decode(data)
        said = int_of(decode(bytes_of(fields, 1) or b""), 1)
        return cls(
            version=version if said is None else said,
            mutations=tuple(Mutation.decode(one) for one in fields.get(2, ()) if isinstance(one, bytes)),
            snapshot_mac=required_bytes(fields, 4),
            patch_mac=required_bytes(fields, 5),
            key_id=required_bytes(decode(required_bytes(fields, 6)), 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """SyncdSnapshot: all that was there at `version`."""

    version: int
    records: tuple[Record, ...]
    mac: bytes
    key_id: bytes

    def encode(self) -> bytes:
        records = ((2, record.encode()) for record in self.records)
        ends = [(3, self.mac), (4, encode([(1, self.key_id)]))]
        return encode([(1, encode([(1, self.version)])), *records, *ends])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Raises MalformedProtobuf."""
        fields = decode(data)
        return cls(
            version=int_of(decode(required_bytes(fields, 1)), 1) or 0,
            records=tuple(Record.decode(one) for one in fields.get(2, ()) if isinstance(one, bytes)),
            mac=required_bytes(fields, 3),
            key_id=required_bytes(decode(required_bytes(fields, 4)), 1),
        )


def snapshot_mac(key: SyncKey, hash: int, version: int, name: str) -> bytes:
    """The MAC over everything that is there at a version."""
    return hmac_sha256(key.snapshot_mac, lthash.as_bytes(hash) + version.to_bytes(8, "big") + name.encode())


def patch_mac(key: SyncKey, snapshot: bytes, mutations: tuple[Mutation, ...], version: int, name: str) -> bytes:
    """The MAC over a patch; `snapshot` is the MAC of what is there afterwards."""
    values = b"".join(mutation.record.value_mac for mutation in mutations)
    return hmac_sha256(key.patch_mac, snapshot + values + version.to_bytes(8, "big") + name.encode())
