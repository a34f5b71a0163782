"""Patches as another implementation writes them: hashes, MACs and ciphertexts must agree byte for byte."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from recado_simulator.app_state import lthash
from recado_simulator.app_state.collection import Collection
from recado_simulator.app_state.damage import damaged_record, flipped
from recado_simulator.app_state.errors import AppStateConflict, AppStateRefused
from recado_simulator.app_state.patch import Patch, Snapshot
from recado_simulator.app_state.record import REMOVE, SET, Entry, Mutation, seal, unseal
from recado_simulator.app_state.sync_key import SyncKey
from recado_simulator.keys import KeyStream

VECTORS = json.loads((Path(__file__).parent / "vectors" / "app_state.json").read_bytes())
STEPS = VECTORS["steps"]
KEY = SyncKey.of(bytes.fromhex(VECTORS["key_id"]), bytes.fromhex(VECTORS["key"]), 0)


@pytest.fixture
def collection():
    return Collection(VECTORS["collection"])


def patch_of(number: int) -> Patch:
    return Patch.decode(bytes.fromhex(STEPS[number]["patch"]), number + 1)


def opened(patch: Patch) -> list[Entry]:
    return [unseal(mutation, KEY) for mutation in patch.mutations]


def hash_of(collection: Collection) -> str:
    total = lthash.EMPTY
    for entry in collection:
        total = lthash.plus(total, lthash.part(collection.record_of(entry.index).value_mac))
    return lthash.as_bytes(total).hex()


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_its_entries_are_read(number):
    expected = [(tuple(one["index"]), one["value"], one["version"]) for one in STEPS[number]["entries"]]

    assert [(one.index, one.value.hex(), one.version) for one in opened(patch_of(number))] == expected


def test_its_patches_hold_and_lead_to_its_hash(collection):
    for number, step in enumerate(STEPS):
        patch = patch_of(number)
        collection.accept(patch, opened(patch), KEY)

        assert hash_of(collection) == step["hash"]


def test_a_patch_that_is_read_and_written_has_the_same_bytes():
    version = bytes.fromhex("0a020801")

    assert patch_of(0).encode() == version + bytes.fromhex(STEPS[0]["patch"])


def test_what_is_removed_leaves_no_trace_in_the_hash(collection):
    collection.change([sealed(one) for one in ("a", "b")], KEY)
    before = hash_of(collection)
    collection.change([sealed("c")], KEY)
    patch = collection.change([sealed("c", REMOVE)], KEY)

    assert hash_of(collection) == before
    assert patch.version == 3


@pytest.mark.parametrize("sums", [(0, 0), (1, 0xFFFF), (0xFFFF, 0xFFFF), (0x8000, 0x8000)])
def test_a_sum_of_the_hash_does_not_run_into_its_neighbour(sums):
    one, other = (number.to_bytes(2, "little") * 64 for number in sums)
    expected = ((sums[0] + sums[1]) & 0xFFFF).to_bytes(2, "little") * 64
    total = lthash.plus(int.from_bytes(one, "little"), int.from_bytes(other, "little"))

    assert lthash.as_bytes(total) == expected
    assert lthash.minus(total, int.from_bytes(other, "little")) == int.from_bytes(one, "little")


@pytest.mark.parametrize("part", ["patch_mac", "snapshot_mac"])
def test_a_patch_with_a_wrong_mac_is_refused(collection, part):
    patch = patch_of(0)
    broken = replace(patch, **{part: flipped(getattr(patch, part))})

    with pytest.raises(AppStateRefused):
        collection.accept(broken, opened(patch), KEY)
    assert collection.version == 0


def test_a_patch_on_an_old_version_is_a_conflict(collection):
    collection.change([sealed("a")], KEY)

    with pytest.raises(AppStateConflict):
        collection.accept(patch_of(0), opened(patch_of(0)), KEY)


def test_content_that_was_changed_is_refused():
    mutation, _ = sealed("a")

    with pytest.raises(AppStateRefused):
        unseal(Mutation(SET, damaged_record(mutation.record)), KEY)


def test_a_removal_cannot_pass_for_a_setting():
    mutation, _ = sealed("a", REMOVE)

    with pytest.raises(AppStateRefused):
        unseal(Mutation(SET, mutation.record), KEY)


def test_a_snapshot_is_read_as_it_was_written(collection):
    collection.change([sealed("a"), sealed("b")], KEY)
    collection.take_snapshot(KEY)

    assert Snapshot.decode(collection.snapshot.encode()) == collection.snapshot


def sealed(name: str, operation: int = SET) -> tuple[Mutation, Entry]:
    entry = Entry((name,), name.encode(), 1)
    return seal(entry, KEY, KeyStream(name.encode() * 32), operation), entry
