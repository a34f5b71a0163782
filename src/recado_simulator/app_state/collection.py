"""A collection: one of the named parts of app state, with its history of patches."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator

from recado_simulator.app_state import lthash
from recado_simulator.app_state.errors import AppStateConflict, AppStateRefused
from recado_simulator.app_state.patch import Patch, Snapshot, patch_mac, snapshot_mac
from recado_simulator.app_state.record import SET, Entry, Index, Mutation, Record
from recado_simulator.app_state.sync_key import SyncKey


class Collection:
    """What is there now, a snapshot that may be older, and the patches since.

    A full read is the snapshot and the patches after it. `floor` is the version before the oldest patch that is kept.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = 0
        self.floor = 0
        self.snapshot: Snapshot | None = None
        self.patches: list[Patch] = []
        self.entries: dict[Index, Entry] = {}
        self._records: dict[bytes, Record] = {}
        self._of_index: dict[Index, Record] = {}
        self._hash = lthash.EMPTY

    def record_of(self, index: Index) -> Record | None:
        return self._of_index.get(index)

    def since(self, version: int) -> list[Patch]:
        """The patches after a version, oldest first. Raises AppStateConflict when they are not kept any more."""
        if version < self.floor:
            raise AppStateConflict(f"{self.name} is kept from version {self.floor} on, not from {version}")
        return self.patches[version - self.floor :]

    def take_snapshot(self, key: SyncKey, *, forget: bool = False) -> None:
        """From now on a full read begins here; `forget` drops the patches that lead here."""
        if self.version == 0:
            return
        self.snapshot = Snapshot(
            version=self.version,
            records=tuple(self._records.values()),
            mac=snapshot_mac(key, self._hash, self.version, self.name),
            key_id=key.id,
        )
        if forget:
            self.patches.clear()
            self.floor = self.version

    def change(self, changes: Iterable[tuple[Mutation, Entry]], key: SyncKey) -> Patch:
        """Makes a patch of changes and applies it."""
        changes = list(changes)
        mutations = tuple(mutation for mutation, _ in changes)
        hash, version = self._hash_after(mutations), self.version + 1
        snapshot = snapshot_mac(key, hash, version, self.name)
        patch = Patch(
            version=version,
            mutations=mutations,
            snapshot_mac=snapshot,
            patch_mac=patch_mac(key, snapshot, mutations, version, self.name),
            key_id=key.id,
        )
        self._apply(patch, changes, hash)
        return patch

    def accept(self, patch: Patch, entries: Iterable[Entry], key: SyncKey) -> None:
        """Applies somebody else's patch, whose entries are given decrypted.

        Raises AppStateConflict unless it was made on the newest version, AppStateRefused when a MAC is wrong.
        """
        if patch.version != self.version + 1:
            raise AppStateConflict(f"{self.name} is at version {self.version}")
        hash = self._hash_after(patch.mutations)
        expected = snapshot_mac(key, hash, patch.version, self.name)
        if not hmac.compare_digest(patch.snapshot_mac, expected):
            raise AppStateRefused("the snapshot MAC is wrong")
        expected = patch_mac(key, patch.snapshot_mac, patch.mutations, patch.version, self.name)
        if not hmac.compare_digest(patch.patch_mac, expected):
            raise AppStateRefused("the patch MAC is wrong")
        self._apply(patch, zip(patch.mutations, entries, strict=True), hash)

    def restore(self, snapshot: Snapshot, entries: Iterable[Entry], before: list[Patch]) -> None:
        """Begins with an earlier run's snapshot and those of the kept patches that had led there."""
        self.snapshot, self.version, self.patches = snapshot, snapshot.version, before
        self.floor = snapshot.version - len(before)
        mutations = [Mutation(SET, record) for record in snapshot.records]
        self._hash = self._hash_after(mutations)
        self._put(zip(mutations, entries, strict=True))

    def _apply(self, patch: Patch, changes: Iterable[tuple[Mutation, Entry]], hash: int) -> None:
        self._hash, self.version = hash, patch.version
        self.patches.append(patch)
        self._put(changes)

    def _put(self, changes: Iterable[tuple[Mutation, Entry]]) -> None:
        for (operation, record), entry in changes:
            if operation == SET:
                self._records[record.index_mac] = self._of_index[entry.index] = record
                self.entries[entry.index] = entry
            elif self._records.pop(record.index_mac, None) is not None:
                self._of_index.pop(entry.index, None)
                self.entries.pop(entry.index, None)

    def _hash_after(self, mutations: Iterable[Mutation]) -> int:
        hash = self._hash
        changed: dict[bytes, Record | None] = {}
        for operation, record in mutations:
            before = changed.get(record.index_mac, self._records.get(record.index_mac))
            if before is not None:
                hash = lthash.minus(hash, lthash.part(before.value_mac))
            if operation == SET:
                hash = lthash.plus(hash, lthash.part(record.value_mac))
            changed[record.index_mac] = record if operation == SET else None
        return hash

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())
