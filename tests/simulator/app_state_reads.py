"""How a linked device reads app state, and looks into what it gets."""

from __future__ import annotations

import aiohttp

from recado_simulator import Network
from recado_simulator.app_state.patch import Snapshot
from recado_simulator.app_state.record import SET, Mutation
from recado_simulator.media import MediaKind, decrypt_media
from recado_simulator.node import Node
from recado_simulator.protobuf import decode

CONTACTS, FLAGS, MUTES = "critical_unblock_low", "regular_low", "regular_high"


async def ask(client, name: str, version: int | None = None, *children: Node) -> Node:
    """What the network answers about a collection: all of it, or what has changed since a version."""
    since = {"return_snapshot": "true"} if version is None else {"version": str(version), "return_snapshot": "false"}
    collection = Node("collection", {"name": name, **since}, list(children) or None)
    answer = await client.ask("w:sync:app:state", Node("sync", {}, [collection]), type="set")
    return answer.first("sync", "collection")


def patches(collection: Node) -> list[dict]:
    node = collection.first("patches")
    return [decode(patch.data) for patch in node.all("patch")] if node else []


def versions(collection: Node) -> list[int]:
    return [decode(patch[1][0])[1][0] for patch in patches(collection)]


async def blob(network: Network, reference: bytes) -> bytes:
    """The file behind an ExternalBlobReference."""
    fields = {number: values[-1] for number, values in decode(reference).items()}
    async with (
        aiohttp.ClientSession(f"http://{network.host}") as http,
        http.get(fields[2].decode() + "&hash=x") as answer,
    ):
        data = await answer.read()
    plain = decrypt_media(data, MediaKind.APP_STATE, fields[1], file_sha256=fields[5], file_enc_sha256=fields[6])
    assert len(plain) == fields[4]
    return plain


async def snapshot(network: Network, collection: Node) -> Snapshot:
    return Snapshot.decode(await blob(network, collection.first("snapshot").data))


def names(phone, snapshot: Snapshot) -> list[str]:
    """The JIDs of a snapshot's entries, decrypted with the phone's own key."""
    return [entry.index[1] for entry in phone.app_state.opened([Mutation(SET, one) for one in snapshot.records])]
