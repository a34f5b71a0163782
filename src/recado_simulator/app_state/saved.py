"""App state as JSON values, so that a restart of the simulator goes on where it was."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from recado_simulator.app_state.collection import Collection
from recado_simulator.app_state.patch import Patch, Snapshot
from recado_simulator.app_state.record import SET, Mutation
from recado_simulator.app_state.sync_key import SyncKey

if TYPE_CHECKING:
    from recado_simulator.app_state.state import AppState

Json = dict[str, Any]


def describe(state: AppState) -> Json:
    """Keys in hex, snapshots and patches in base64."""
    return {
        "stream": [state.random.seed.hex(), state.random.position],
        "keys": [[key.id.hex(), key.data.hex(), key.made_at] for key in state.keys],
        "collections": {name: describe_collection(held) for name, held in state.collections.items() if held.version},
    }


def restore(state: AppState, held: Json) -> None:
    """Puts back what `describe` gave."""
    seed, position = held["stream"]
    state.random.seed, state.random.position = bytes.fromhex(seed), position
    state.keys = [SyncKey.of(bytes.fromhex(id), bytes.fromhex(data), made_at) for id, data, made_at in held["keys"]]
    for name, collection in held["collections"].items():
        restore_collection(state, state.collections[name], collection)


def describe_collection(held: Collection) -> Json:
    return {
        "snapshot": None if held.snapshot is None else b64encode(held.snapshot.encode()).decode(),
        "patches": [b64encode(patch.encode()).decode() for patch in held.patches],
    }


def restore_collection(state: AppState, held: Collection, saved: Json) -> None:
    patches = [Patch.decode(b64decode(patch)) for patch in saved["patches"]]
    if saved["snapshot"] is not None:
        snapshot = Snapshot.decode(b64decode(saved["snapshot"]))
        mutations = [Mutation(SET, record) for record in snapshot.records]
        before = [patch for patch in patches if patch.version <= snapshot.version]
        held.restore(snapshot, state.opened(mutations), before)
    for patch in patches:
        if patch.version > held.version:
            held.accept(patch, state.opened(patch.mutations), state.key(patch.key_id))
