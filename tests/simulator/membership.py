"""What a client does in a group: it reads what members write, and writes itself."""

from __future__ import annotations

from recado_simulator import Group
from recado_simulator.content import key_distribution, read_key_distribution
from recado_simulator.jid import Jid
from recado_simulator.node import Node
from recado_simulator.prekey_nodes import read_bundle
from recado_simulator.signal import pad, unpad
from tests.simulator.client import Client

GROUPS = Jid("", "g.us")


def read(client: Client, message: Node) -> bytes:
    """Takes the sender's key where it is handed over, and decrypts what is for all."""
    group, member = str(message.jid("from")), str(message.jid("participant"))
    content = b""
    for enc in message.all("enc"):
        if enc.text("type") == "skmsg":
            content = unpad(client.signal.groups.decrypt(group, member, enc.data))
            continue
        content = unpad(client.signal.decrypt(member, enc.text("type"), enc.data))
        key = read_key_distribution(content)
        if key is not None:
            client.signal.groups.accept(group, member, key)
    return content


async def write(client: Client, group: Group, members: list, message: bytes, id: str = "3EB0") -> None:
    """Hands the key to the main devices of these members and sends the message to all."""
    key = key_distribution(str(group), client.signal.groups.distribution(str(group)))
    targets = [Node("to", {"jid": member.account.lid_jid}, [await _sealed(client, member, key)]) for member in members]
    shared = client.signal.groups.encrypt(str(group), pad(message, client.signal.random))
    enc = Node("enc", {"v": "2", "type": "skmsg"}, shared)
    attrs = {"to": group.jid, "id": id, "type": "text", "addressing_mode": "lid"}
    await client.send(Node("message", attrs, [Node("participants", {}, targets), enc]))


async def repeat(client: Client, group: Group, member, message: bytes, retry: Node) -> None:
    """The answer to a member's retry receipt: key and message under a new session, for that member alone."""
    key = key_distribution(str(group), client.signal.groups.distribution(str(group)))
    client.signal.drop_session(str(member.account.lid_jid))
    enc = await _sealed(client, member, key + message, read_bundle(retry))
    attrs = {"to": group.jid, "participant": retry.attrs["participant"], "id": retry.text("id"), "type": "text"}
    await client.send(Node("message", attrs, [enc]))


async def _sealed(client: Client, member, message: bytes, bundle=None) -> Node:
    address = str(member.account.lid_jid)
    if bundle is None and not client.signal.has_session(address):
        user = Node("user", {"jid": member.account.lid_jid})
        answer = (await client.ask("encrypt", Node("key", {}, [user]))).first("list", "user")
        bundle = read_bundle(Node("user", {}, [answer.first("registration"), Node("keys", {}, answer.children)]))
    sealed = client.signal.encrypt(address, pad(message, client.signal.random), bundle)
    return Node("enc", {"v": "2", "type": sealed.kind}, sealed.data)
