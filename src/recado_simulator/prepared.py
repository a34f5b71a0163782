"""Prepared messages: encrypted and encoded ahead, so that delivering them costs next to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recado_simulator.account import LinkedDevice
from recado_simulator.letter import Address
from recado_simulator.parcel import Parcel

if TYPE_CHECKING:
    from recado_simulator.handset import Handset
    from recado_simulator.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Parcels by device, in order; they must be enqueued before their senders write anything else to the device."""

    ids: list[str]
    parcels: list[tuple[LinkedDevice, list[Parcel]]]

    @classmethod
    def encrypt(
        cls, network: Network, senders: Sequence[Handset], to: object, messages: list[bytes], address: Address
    ) -> Prepared:
        """One letter a message, the senders taking turns. Raises LookupError when nothing is linked to `to`."""
        receiver = network.account(str(to))
        if not receiver.devices:
            raise LookupError(f"no device is linked to {receiver.phone}")
        letters = [
            (sender, sender.letter(receiver, message, id=None, address=address, alternative=True))
            for sender, message in zip(cycle(senders, len(messages)), messages, strict=True)
        ]
        parcels = [
            (device, [sender.seal(device, letter) for sender, letter in letters])
            for device in receiver.devices.values()
        ]
        return cls(ids=[letter.id for _, letter in letters], parcels=parcels)


def cycle(senders: Sequence[Handset], count: int) -> list[Handset]:
    return [senders[n % len(senders)] for n in range(count)]
