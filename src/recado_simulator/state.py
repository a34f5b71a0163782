"""State: what a network keeps in a file, so that a restart of the simulator finds its devices linked."""

from __future__ import annotations

import asyncio
import json
import os
import random
from base64 import b64decode, b64encode
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recado_simulator.account import Account, LinkedDevice
from recado_simulator.app_state import saved as app_state
from recado_simulator.certificate import Authority
from recado_simulator.handset import Handset
from recado_simulator.keys import KeyPair
from recado_simulator.ledger import LedgerRow
from recado_simulator.login import SignedPrekey
from recado_simulator.parcel import Parcel
from recado_simulator.phone import Phone
from recado_simulator.signal import SignalDevice

if TYPE_CHECKING:
    from recado_simulator.network import Network

FILE = "network.json"
SAVE_AFTER = 0.2  # seconds, so that a burst of changes is written once
Json = dict[str, Any]


class State:
    """Writes `network.json` in the state directory soon after a change and at the end; without one, nothing."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._runs = 1
        self._soon: asyncio.TimerHandle | None = None
        directory = network.options.state_dir
        self._path = directory / FILE if directory else None

    def touch(self) -> None:
        if self._path is None or self._soon is not None or self._network.options.save != "soon":
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._soon = loop.call_later(SAVE_AFTER, self.save)

    def save(self, *, is_clean: bool = False) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        if self._path is not None and self._network.options.save != "never":
            write(self._path, self._describe(is_clean))

    def load(self) -> None:
        """Puts back what an earlier run has saved."""
        if self._path is None or not self._path.exists():
            return
        held = json.loads(self._path.read_bytes())
        network = self._network
        self._runs = held["runs"] + 1
        # Ids and keys of an earlier run must not come again.
        network.random = random.Random(f"{network.options.seed}/{self._runs}")
        network.authority = Authority(root=pair(held["root"]), static=pair(held["static"]))
        rows = [network.ledger.open(LedgerRow(**row)) for row in held["ledger"]]
        for account in held["accounts"]:
            signal = account["signal"] if held["is_clean"] else renewed(account["signal"], network.random)
            restored = Account(**account["account"])
            network.restore(restored, SignalDevice.from_state(signal))
            handset = network.handset(restored)
            if isinstance(handset, Phone) and account.get("app_state"):
                app_state.restore(handset.app_state, account["app_state"])
            for device in account["devices"]:
                restored.devices[device["number"]] = self._device(restored, device, rows)
        network.groups.load(held.get("groups", []))
        network.pictures.load(held.get("pictures", {}))

    def _describe(self, is_clean: bool) -> Json:
        network = self._network
        rows = network.ledger.rows()
        numbers = {id(row): number for number, row in enumerate(rows)}
        return {
            "runs": self._runs,
            "is_clean": is_clean,
            "root": network.authority.root.private.hex(),
            "static": network.authority.static.private.hex(),
            "ledger": [row.as_json() for row in rows],
            "accounts": [
                {
                    "account": {name: getattr(account, name) for name in ACCOUNT_FIELDS},
                    "signal": network.handset(account).signal.to_state(),
                    "app_state": describe_app_state(network.handset(account)),
                    "devices": [describe_device(device, numbers) for device in account.devices.values()],
                }
                for account in network.directory
            ],
            "groups": network.groups.to_state(),
            "pictures": network.pictures.to_state(),
        }

    def _device(self, account: Account, held: Json, rows: list[LedgerRow]) -> LinkedDevice:
        signed = held["signed_prekey"]
        device = LinkedDevice(
            account=account,
            number=held["number"],
            noise_key=bytes.fromhex(held["noise_key"]),
            registration_id=held["registration_id"],
            identity_key=bytes.fromhex(held["identity_key"]),
            signed_prekey=SignedPrekey(
                id=signed[0], public=bytes.fromhex(signed[1]), signature=bytes.fromhex(signed[2])
            ),
            signed_identity=bytes.fromhex(held["signed_identity"]),
            was_welcomed=held.get("was_welcomed", True),
            mailbox=self._network.new_mailbox(),
            prekeys=deque((id, bytes.fromhex(key)) for id, key in held["prekeys"]),
        )
        device.mailbox.put(restored_parcel(parcel, rows) for parcel in held["parcels"])
        return device


ACCOUNT_FIELDS = ("phone", "lid", "name", "kind", "raw_id", "last_device")


def describe_app_state(handset: Handset) -> Json | None:
    return app_state.describe(handset.app_state) if isinstance(handset, Phone) else None


def describe_device(device: LinkedDevice, numbers: dict[int, int]) -> Json:
    signed = device.signed_prekey
    return {
        "number": device.number,
        "noise_key": device.noise_key.hex(),
        "registration_id": device.registration_id,
        "identity_key": device.identity_key.hex(),
        "signed_prekey": [signed.id, signed.public.hex(), signed.signature.hex()],
        "was_welcomed": device.was_welcomed,
        "signed_identity": device.signed_identity.hex(),
        "prekeys": [[id, key.hex()] for id, key in device.prekeys],
        "parcels": [
            [list(parcel.key), b64encode(parcel.encoded).decode(), parcel.was_offered, numbers.get(id(parcel.row))]
            for parcel in device.mailbox
        ],
    }


def restored_parcel(held: list[Any], rows: list[LedgerRow]) -> Parcel:
    tag, user, server, id, type, *member = held[0]
    participant = member[0] if member else ""
    row = None if held[3] is None else rows[held[3]]
    parcel = Parcel((tag, user, server, id, type, participant), b64decode(held[1]), row)
    parcel.was_offered = held[2]
    return parcel


def renewed(signal: Json, source: random.Random) -> Json:
    """A played device whose last steps were not saved: it begins new sessions, with new keys."""
    groups = {**signal["groups"], "own": {}}
    return {**signal, "stream": [source.randbytes(32).hex(), 0], "sessions": {}, "groups": groups}


def pair(private: str) -> KeyPair:
    return KeyPair.from_private(bytes.fromhex(private))


def write(path: Path, state: Json) -> None:
    """Replaces the file in one step, readable by its owner alone: it holds private keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
