"""App state: what a phone and its linked devices have in common beyond messages, and what they change of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from recado_simulator.app_state import key_share
from recado_simulator.app_state.actions import COLLECTIONS, PUSH_NAME, named
from recado_simulator.app_state.blobs import Blobs
from recado_simulator.app_state.collection import Collection
from recado_simulator.app_state.damage import Damage, Mac
from recado_simulator.app_state.errors import AppStateRefused
from recado_simulator.app_state.patch import Patch
from recado_simulator.app_state.record import REMOVE, SET, Entry, Index, Mutation, seal, unseal
from recado_simulator.app_state.sync_key import SyncKey
from recado_simulator.jid import NETWORK
from recado_simulator.keys import KeyStream
from recado_simulator.node import Node

if TYPE_CHECKING:
    from recado_simulator.account import LinkedDevice
    from recado_simulator.phone import Phone

Change = tuple[int, Entry]


class AppState:
    """Five collections, the keys they are encrypted with, and word to the linked devices when one has changed.

    A device that is offline when something changes is not told, unless `keeps_notices`: it has to look when it comes.
    """

    def __init__(self, phone: Phone) -> None:
        # As all keys of an account: they depend on the seed and the number alone.
        seed = f"{phone.network.options.seed}/{phone.phone}/app state"
        self.random = KeyStream(sha256(seed.encode()).digest())
        self.damage = Damage()
        self.blobs = Blobs(phone.network.shelf, self.random)
        self.collections = {name: Collection(name) for name in COLLECTIONS}
        self.keys: list[SyncKey] = []
        self.keeps_notices = False
        self.withholds_keys = False
        self._phone = phone
        self._network = phone.network
        self._together: dict[str, list[Change]] | None = None

    def version(self, collection: str) -> int:
        """Raises LookupError for a collection that there is not, as all others here."""
        return self.collection(collection).version

    def collection(self, name: str) -> Collection:
        held = self.collections.get(name)
        if held is None:
            raise LookupError(f"there is no collection {name!r}; there are {', '.join(self.collections)}")
        return held

    def entries(self, collection: str) -> list[Entry]:
        """What is there now, set by the phone or by a linked device."""
        return list(self.collection(collection))

    def set(self, collection: str, entry: Entry) -> None:
        """Sets an entry, in the place of the one with the same index."""
        self._change(self.collection(collection).name, (SET, entry))

    def remove(self, collection: str, index: Index) -> None:
        """Raises LookupError when there is no such entry."""
        held = self.collection(collection).entries.get(index)
        if held is None:
            raise LookupError(f"{collection} has no entry {index}")
        self._change(collection, (REMOVE, Entry(index, b"", held.version)))

    @contextmanager
    def together(self) -> Iterator[None]:
        """All changes made inside are one patch a collection, and one notification."""
        if self._together is not None:
            yield
            return
        changes: dict[str, list[Change]] = {}
        self._together = changes
        try:
            yield
        finally:
            self._together = None
        self._commit(changes)

    def snapshot(self, collection: str) -> None:
        """The next full read is a snapshot of what is there now, not an older one with the patches since."""
        self.collection(collection).take_snapshot(self._key())

    def break_mac(self, collection: str, mac: Mac, times: int = 1) -> None:
        """The next answers about this collection that have such a MAC carry a wrong one."""
        self.damage.arm(self.collection(collection).name, mac, times)

    def withhold_keys(self, on: bool = True) -> None:
        """Keys are neither shared with new devices nor given to who asks; when that ends, all devices get them."""
        was_on, self.withholds_keys = self.withholds_keys, on
        if was_on and not on:
            for device in self._phone.account.devices.values():
                self._share(device)

    def new_key(self, *, share: bool = True) -> None:
        """The phone encrypts with another key from now on; without `share` its devices have to ask for it."""
        self._key()
        self._add_key()
        if share:
            for device in self._phone.account.devices.values():
                self._share(device)

    def welcome(self, device: LinkedDevice) -> None:
        """A newly linked device gets the keys, and snapshots to begin with."""
        self._say_name(device)
        is_only_one = len(self._phone.account.devices) == 1
        for collection in self.collections.values():
            collection.take_snapshot(self._key(), forget=is_only_one)
        self._share(device)

    def answer_request(self, device: LinkedDevice, message: bytes) -> bool:
        """Gives a device the keys that it asks for; False when the Message is about something else."""
        wanted = key_share.requested(message)
        if wanted and not self.withholds_keys:
            known = {key.id: key for key in self.keys}
            shares = [(id, known.get(id)) for id in wanted]
            self._phone.send_peer(device, key_share.share(self._phone.account, shares))
        return bool(wanted)

    def take(self, collection: str, patch: Patch, writer: LinkedDevice) -> None:
        """A linked device's own change. Raises AppStateConflict, AppStateRefused, MalformedProtobuf."""
        held = self.collection(collection)
        held.accept(patch, self.opened(patch.mutations), self.key(patch.key_id))
        self._changed([held], besides=writer)

    def opened(self, mutations: Iterable[Mutation]) -> list[Entry]:
        """Raises AppStateRefused."""
        return [unseal(mutation, self.key(mutation.record.key_id)) for mutation in mutations]

    def key(self, id: bytes) -> SyncKey:
        """Raises AppStateRefused for a key that is not the phone's."""
        found = next((key for key in self.keys if key.id == id), None)
        if found is None:
            raise AppStateRefused(f"there is no key {id.hex()}")
        return found

    def _key(self) -> SyncKey:
        return self.keys[-1] if self.keys else self._add_key()

    def _add_key(self) -> SyncKey:
        now = int(self._network.now() * 1_000)
        newest = self.keys[-1].made_at + 1 if self.keys else 0
        key = SyncKey.generate(len(self.keys) + 1, self.random, max(now, newest))
        self.keys.append(key)
        self._network.state_changed()
        return key

    def _share(self, device: LinkedDevice) -> None:
        if not self.withholds_keys:
            shares = [(key.id, key) for key in self.keys]
            self._phone.send_peer(device, key_share.share(self._phone.account, shares))

    def _say_name(self, newcomer: LinkedDevice) -> None:
        name = self._phone.name
        entry = PUSH_NAME.entry(self._network.now(), named(name))
        if name and entry.index not in self.collections[PUSH_NAME.collection].entries:
            # Told before it has the keys, the device would ask for them.
            self._commit({PUSH_NAME.collection: [(SET, entry)]}, besides=newcomer)

    def _change(self, collection: str, change: Change) -> None:
        if self._together is None:
            self._commit({collection: [change]})
        else:
            self._together.setdefault(collection, []).append(change)

    def _commit(self, changes: dict[str, list[Change]], besides: LinkedDevice | None = None) -> None:
        key = self._key()
        for name, wanted in changes.items():
            held = self.collections[name]
            held.change(self._sealed(held, wanted), key)
        self._changed([self.collections[name] for name in changes], besides)

    def _sealed(self, held: Collection, changes: list[Change]) -> Iterator[tuple[Mutation, Entry]]:
        """An index has another MAC under another key: what an older key has sealed is removed with that one."""
        key = self._key()
        replaced: set[Index] = set()
        for operation, entry in changes:
            before = held.record_of(entry.index)
            if before is not None and before.key_id != key.id and entry.index not in replaced:
                replaced.add(entry.index)
                yield seal(replace(entry, value=b""), self.key(before.key_id), self.random, REMOVE), entry
                if operation == REMOVE:
                    continue
            yield seal(entry, key, self.random, operation), entry

    def _changed(self, collections: Iterable[Collection], besides: LinkedDevice | None = None) -> None:
        nodes = [Node("collection", {"name": one.name, "version": str(one.version)}) for one in collections]
        for device in self._phone.account.devices.values():
            if device is not besides and (device.connection is not None or self.keeps_notices):
                self._network.post.notify(device, NETWORK, "server_sync", nodes)
        self._network.state_changed()
