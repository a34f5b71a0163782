"""Farewells: what the network says last on a connection that it ends."""

from __future__ import annotations

from recado_simulator.node import Node


def replaced() -> Node:
    return Node("stream:error", {}, [Node("conflict", {"type": "replaced"})])


def device_removed() -> Node:
    return Node("stream:error", {"code": "401"}, [Node("conflict", {"type": "device_removed"})])
