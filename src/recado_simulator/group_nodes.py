"""Groups as nodes: what a query, an invitation and a notification say about one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from recado_simulator.account import Account
from recado_simulator.jid import Jid
from recado_simulator.letter import SERVERS
from recado_simulator.node import Node, Value

if TYPE_CHECKING:
    from recado_simulator.group import GroupFacts

COUNTRY = "BR"


def group(facts: GroupFacts, account: Callable[[str], Account]) -> Node:
    """`<group>` with its members; `account` finds one by number."""
    server = SERVERS[facts.address]
    creator, named = account(facts.creator), account(facts.subject_by)
    attrs: dict[str, Value] = {
        "id": facts.id,
        "subject": facts.subject,
        "s_t": str(facts.subject_at),
        "s_o": named.address(server),
        "s_o_pn": named.phone_jid,
        "creation": str(facts.created_at),
        "creator": creator.address(server),
        "creator_pn": creator.phone_jid,
        "creator_country_code": COUNTRY,
        "size": str(len(facts.members)),
        "addressing_mode": facts.address,
        "a_v_id": str(facts.version),
        "p_v_id": str(facts.version),
    }
    members = [participant(facts, account(phone), role) for phone, role in facts.members.items()]
    return Node("group", attrs, [*members, *settings(facts, account)])


def settings(facts: GroupFacts, account: Callable[[str], Account]) -> list[Node]:
    nodes = [Node("member_add_mode", {}, b"all_member_add")]
    if facts.description:
        author = account(facts.description_by)
        attrs: dict[str, Value] = {
            "id": facts.description_id,
            "participant": author.address(SERVERS[facts.address]),
            "participant_pn": author.phone_jid,
            "t": str(facts.description_at),
        }
        nodes.append(Node("description", attrs, [Node("body", {}, facts.description.encode())]))
    if facts.ephemeral_s:
        nodes.append(Node("ephemeral", {"expiration": str(facts.ephemeral_s)}))
    if facts.is_announce:
        nodes.append(Node("announcement"))
    if facts.is_locked:
        nodes.append(Node("locked"))
    return nodes


def participant(facts: GroupFacts, account: Account, role: str = "") -> Node:
    is_lid = facts.address == "lid"
    other = {"phone_number": account.phone_jid} if is_lid else {"lid": account.lid_jid}
    attrs: dict[str, Value] = {"jid": account.address(SERVERS[facts.address]), **other}
    return Node("participant", attrs | ({"type": role} if role else {}))


def change(tag: str, facts: GroupFacts, members: Iterable[Account]) -> Node:
    """`<add>`, `<remove>`, `<promote>` or `<demote>`."""
    versions: dict[str, Value] = {"v_id": str(facts.version), "prev_v_id": str(facts.version - 1)}
    return Node(tag, versions, [participant(facts, account) for account in members])


def subject(facts: GroupFacts, author: Account) -> Node:
    attrs: dict[str, Value] = {
        "subject": facts.subject,
        "s_t": str(facts.subject_at),
        "s_o": author.address(SERVERS[facts.address]),
        "s_o_pn": author.phone_jid,
    }
    return Node("subject", attrs)


def description(facts: GroupFacts) -> Node:
    body = Node("body", {}, facts.description.encode()) if facts.description else Node("delete")
    return Node("description", {"id": facts.description_id}, [body])


def announcement(facts: GroupFacts) -> Node:
    return Node("announcement" if facts.is_announce else "not_announcement", {"v_id": str(facts.version)})


def receipt(group: Jid, id: str, type: str, now: str, users: list[Node]) -> Node:
    """A receipt of several members."""
    attrs: dict[str, Value] = {"from": group, "id": id, "t": now, **({"type": type} if type else {})}
    return Node("receipt", attrs, [Node("participants", {"key": id}, users)])


def author(facts: GroupFacts, account: Account) -> dict[str, Value]:
    """Who has made a change, as its notification names them."""
    attrs: dict[str, Value] = {
        "participant": account.address(SERVERS[facts.address]),
        "participant_pn": account.phone_jid,
        "addressing_mode": facts.address,
    }
    return attrs | ({"notify": account.name} if account.name else {})
