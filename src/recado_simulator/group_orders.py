"""Group orders: what the control API can do with groups, each from the fields of its body."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from recado_simulator.group import Group
from recado_simulator.network import Network

Json = dict[str, Any]
Order = Callable[[Group, Json], Awaitable[None]]


def make(network: Network, body: Json) -> Json:
    """A new group. Raises KeyError, ValueError, LookupError."""
    group = network.add_group(
        body["subject"],
        body["members"],
        admins=body.get("admins", ()),
        id=body.get("id"),
        address=body.get("address", "lid"),
        description=body.get("description", ""),
    )
    return describe(group)


def show(network: Network, name: str) -> Json:
    """Raises LookupError."""
    return describe(found(network, name))


async def take(network: Network, name: str, order: str, body: Json) -> Json:
    """Changes a group. Raises LookupError for one, or an order, that is not there; KeyError, ValueError."""
    group = found(network, name)
    if order == "picture":
        return give_picture(network, group, body)
    change = ORDERS.get(order)
    if change is None:
        raise LookupError(f"there is no order {order!r}; there are picture, {', '.join(ORDERS)}")
    await change(group, body)
    return describe(group)


def found(network: Network, name: str) -> Group:
    return network.group(name if "@" in name else f"{name}@g.us")


def describe(group: Group) -> Json:
    facts = group.facts
    return {
        "id": str(group),
        "subject": facts.subject,
        "description": facts.description,
        "members": dict(facts.members),
        "is_announce": facts.is_announce,
        "is_locked": facts.is_locked,
        "ephemeral_s": facts.ephemeral_s,
    }


def give_picture(network: Network, owner: object, body: Json) -> Json:
    """Sets the picture in `image` (base64), or takes it away when that is null; `hidden` hides it."""
    if body.get("hidden"):
        network.hide_picture(owner)
        return {}
    if body["image"] is None:
        network.remove_picture(owner, by=body.get("by"))
        return {}
    preview = body.get("preview")
    image = b64decode(body["image"], validate=True)
    small = None if preview is None else b64decode(preview, validate=True)
    return {"id": network.set_picture(owner, image, preview=small, by=body.get("by"))}


ORDERS: Mapping[str, Order] = MappingProxyType(
    {
        "add": lambda group, body: group.add(*body["members"], by=body.get("by")),
        "remove": lambda group, body: group.remove(*body["members"], by=body.get("by")),
        "promote": lambda group, body: group.promote(*body["members"], by=body.get("by")),
        "demote": lambda group, body: group.demote(*body["members"], by=body.get("by")),
        "leave": lambda group, body: group.leave(body["member"]),
        "subject": lambda group, body: group.set_subject(body["subject"], by=body.get("by")),
        "description": lambda group, body: group.set_description(body["description"], by=body.get("by")),
        "announce": lambda group, body: group.set_announce(body.get("on", True), by=body.get("by")),
        "locked": lambda group, body: group.set_locked(body.get("on", True), by=body.get("by")),
        "ephemeral": lambda group, body: group.set_ephemeral(body["seconds"], by=body.get("by")),
        "answer": lambda group, body: group.answer_together(body["to"], body["id"], body["type"], body["members"]),
    }
)
