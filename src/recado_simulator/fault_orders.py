"""The faults by the names and fields of the control API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from recado_simulator.faults import Faults

Order = Callable[[Faults, Mapping[str, Any]], None]


def corrupt(faults: Faults, order: Mapping[str, Any]) -> None:
    faults.corrupt(order["phone"], order.get("times", 1))


def delay_acks(faults: Faults, order: Mapping[str, Any]) -> None:
    faults.delay_acks(order["phone"], order["ms"])


def failure(faults: Faults, order: Mapping[str, Any]) -> None:
    faults.failure(order["phone"], order["code"], order.get("times", 1), order.get("expires_ms"))


def nack(faults: Faults, order: Mapping[str, Any]) -> None:
    faults.nack(order["phone"], order["code"], order.get("times", 1))


def time_lock(faults: Faults, order: Mapping[str, Any]) -> None:
    faults.time_lock(order["phone"], order.get("seconds", 3600), is_told=order.get("told", True))


FAULTS: Mapping[str, Order] = MappingProxyType(
    {
        "clear": lambda faults, order: faults.clear(order.get("phone")),
        "conflict": lambda faults, order: faults.conflict(order["phone"]),
        "corrupt": corrupt,
        "cut": lambda faults, order: faults.cut(order["phone"]),
        "deaf": lambda faults, order: faults.deaf(order["phone"]),
        "delay_acks": delay_acks,
        "device_removed": lambda faults, order: faults.device_removed(order["phone"]),
        "failure": failure,
        "nack": nack,
        "old_phone": lambda faults, order: faults.old_phone(order["phone"], order.get("on", True)),
        "refuse_connections": lambda faults, order: faults.refuse_connections(on=order.get("on", True)),
        "silent_phone": lambda faults, order: faults.silent_phone(order["phone"], order.get("on", True)),
        "silent_pings": lambda faults, order: faults.silent_pings(order["phone"], order.get("on", True)),
        "stream_error": lambda faults, order: faults.stream_error(order["phone"], order.get("code", 503)),
        "time_lock": time_lock,
        "withhold_acks": lambda faults, order: faults.withhold_acks(order["phone"], order.get("on", True)),
    }
)
