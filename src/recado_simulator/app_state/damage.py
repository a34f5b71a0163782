"""Damage to app state: MACs that are wrong in what goes on the wire, while what is stored stays right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal, get_args

from recado_simulator.app_state.patch import Patch, Snapshot
from recado_simulator.app_state.record import Mutation, Record

Mac = Literal["patch", "snapshot", "content"]


class Damage:
    """How many of the next answers carry a wrong MAC, by collection and by which MAC it is."""

    def __init__(self) -> None:
        self._left: dict[tuple[str, Mac], int] = {}

    def arm(self, collection: str, mac: Mac, times: int) -> None:
        """Raises ValueError for a MAC that there is not."""
        if mac not in get_args(Mac):
            raise ValueError(f"there is no {mac!r} MAC; there are {', '.join(get_args(Mac))}")
        self._left[collection, mac] = times

    def clear(self) -> None:
        self._left.clear()

    def done_to(
        self, collection: str, snapshot: Snapshot | None, patches: list[Patch]
    ) -> tuple[Snapshot | None, list[Patch]]:
        """What is to be answered, with the damage that waits for it."""
        if snapshot is not None:
            if self._takes(collection, "snapshot"):
                snapshot = replace(snapshot, mac=flipped(snapshot.mac))
            if snapshot.records and self._takes(collection, "content"):
                snapshot = replace(snapshot, records=(damaged_record(snapshot.records[0]), *snapshot.records[1:]))
        if patches:
            for mac, change in PATCH_DAMAGE.items():
                if self._takes(collection, mac):
                    patches = [change(patches[0]), *patches[1:]]
        return snapshot, patches

    def _takes(self, collection: str, mac: Mac) -> bool:
        left = self._left.get((collection, mac), 0)
        if left:
            self._left[collection, mac] = left - 1
        return left > 0


def with_wrong_content(patch: Patch) -> Patch:
    operation, record = patch.mutations[0]
    return replace(patch, mutations=(Mutation(operation, damaged_record(record)), *patch.mutations[1:]))


PATCH_DAMAGE: Mapping[Mac, Callable[[Patch], Patch]] = MappingProxyType(
    {
        "patch": lambda patch: replace(patch, patch_mac=flipped(patch.patch_mac)),
        "snapshot": lambda patch: replace(patch, snapshot_mac=flipped(patch.snapshot_mac)),
        "content": with_wrong_content,
    }
)


def damaged_record(record: Record) -> Record:
    """Other bytes under the same value MAC, so that the hash over all of them still holds."""
    return record._replace(blob=flipped(record.blob))


def flipped(data: bytes) -> bytes:
    return bytes((data[0] ^ 1,)) + data[1:]
