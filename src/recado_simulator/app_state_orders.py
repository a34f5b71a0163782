"""App state orders: a phone's address book, chat settings and keys as bodies of the control API say them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from recado_simulator.letter import SERVERS, Address
from recado_simulator.phone import Phone

Json = dict[str, Any]
MILLISECONDS = 1_000


def book(phone: Phone, body: Json) -> Json:
    """Saves `who` under a `name`, or removes them; the names that are there then. Raises LookupError or ValueError."""
    address = address_of(body, "pn")
    if body.get("remove"):
        phone.book.remove(body["who"], address=address)
    else:
        first, alternative = body.get("first"), body.get("alternative", True)
        phone.book.save(body["who"], body["name"], first=first, address=address, alternative=alternative)
    return {"names": phone.book.names}


def chats(phone: Phone, body: Json) -> Json:
    """Sets what the body names of `archive`, `mute`, `pin` and `read`, as one change. Raises ValueError."""
    chat, address = body["chat"], address_of(body, "lid")
    with phone.app_state.together():
        if "archive" in body:
            phone.chats.archive(chat, body["archive"], address=address)
        if "mute" in body:
            phone.chats.mute(chat, end_of(body.get("mute_until")), body["mute"], address=address)
        if "pin" in body:
            phone.chats.pin(chat, body["pin"], address=address)
        if "read" in body:
            phone.chats.mark_read(chat, body["read"], address=address)
    return versions(phone)


def app_state(phone: Phone, body: Json) -> Json:
    """Takes a `snapshot`, breaks a MAC or withholds keys. Raises KeyError or ValueError."""
    state = phone.app_state
    if "snapshot" in body:
        state.snapshot(body["snapshot"])
    if "break_mac" in body:
        state.break_mac(body["break_mac"], body["mac"], body.get("times", 1))
    if "withhold_keys" in body:
        state.withhold_keys(on=body["withhold_keys"])
    return versions(phone)


def versions(phone: Phone) -> Json:
    return {"versions": {name: held.version for name, held in phone.app_state.collections.items()}}


def address_of(body: Json, default: Address) -> Address:
    address: Address = body.get("address", default)
    if address not in SERVERS:
        raise ValueError(f"{address!r} is no address: {', '.join(SERVERS)}")
    return address


def end_of(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / MILLISECONDS, UTC)
