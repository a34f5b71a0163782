"""People orders: what the control API lets somebody do besides writing, each from the fields of its body."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from recado_simulator.group_orders import give_picture
from recado_simulator.handset import Handset

Json = dict[str, Any]


async def take(handset: Handset, order: str, body: Json) -> Json:
    """Raises LookupError for an order that is not there; KeyError, ValueError."""
    match order:
        case "picture":
            return give_picture(handset.network, handset, body)
        case "presence":
            return {"told": await handset.set_presence(available=body["available"], last_seen=body.get("last_seen"))}
        case "typing":
            return {"told": await handset.type(body["to"], body["state"])}
        case "rename":
            await handset.rename(body["name"])
            return {}
        case _:
            raise LookupError(f"there is no order {order!r}; there are picture, presence, typing, rename")


def sightings(handset: Handset) -> list[Json]:
    """What it was told of others; `at` in milliseconds since 1970."""
    return [
        {**asdict(one), "at": int(one.at * 1000), "chat": str(one.chat) if one.chat else None} for one in handset.sees
    ]
