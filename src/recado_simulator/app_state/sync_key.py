"""A sync key: what a phone shares with its linked devices so that they can read and write app state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from recado_simulator.keys import RandomSource, hkdf

INFO = b"WhatsApp Mutation Keys"
KEY_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncKey:
    """`id` is 6 bytes (device, then epoch), `data` 32; `made_at` in milliseconds since 1970. The others are derived."""

    id: bytes
    data: bytes = field(repr=False)
    made_at: int
    index: bytes = field(repr=False)
    value: bytes = field(repr=False)
    value_mac: bytes = field(repr=False)
    snapshot_mac: bytes = field(repr=False)
    patch_mac: bytes = field(repr=False)

    @classmethod
    def of(cls, id: bytes, data: bytes, made_at: int) -> Self:
        derived = hkdf(data, info=INFO, size=5 * KEY_SIZE)
        index, value, value_mac, snapshot_mac, patch_mac = (
            derived[at : at + KEY_SIZE] for at in range(0, len(derived), KEY_SIZE)
        )
        return cls(
            id=id,
            data=data,
            made_at=made_at,
            index=index,
            value=value,
            value_mac=value_mac,
            snapshot_mac=snapshot_mac,
            patch_mac=patch_mac,
        )

    @classmethod
    def generate(cls, epoch: int, random: RandomSource, made_at: int) -> Self:
        """A key of the phone itself, which is device 0."""
        return cls.of(b"\x00\x00" + epoch.to_bytes(4, "big"), random.randbytes(KEY_SIZE), made_at)
