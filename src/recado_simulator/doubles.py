"""Doubles: logins of a device whose earlier connection still had somebody at its other end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recado_simulator.account import LinkedDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class Double:
    """The account's digits and the device's number; `at` is when the earlier client gave its sign of life."""

    account: str
    device: int
    at: float


def double_of(device: LinkedDevice, at: float) -> Double:
    return Double(account=device.account.phone, device=device.number, at=at)
