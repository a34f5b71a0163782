"""A group: who is in it, what it is called, and how its members are told of changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from recado_simulator import group_nodes
from recado_simulator.account import Account
from recado_simulator.jid import GROUP_SERVER, Jid
from recado_simulator.letter import SERVERS, Address
from recado_simulator.node import Node

if TYPE_CHECKING:
    from recado_simulator.network import Network

Role = Literal["", "admin", "superadmin"]


@dataclass(slots=True, kw_only=True)
class GroupFacts:
    """What is so about a group; people are numbers in digits, times seconds since 1970, in the order of joining.

    `address` is how members appear; `version` grows with every change; `ephemeral_s` is 0 when messages stay.
    """

    id: str
    address: Address
    creator: str
    created_at: int
    subject: str
    subject_by: str
    subject_at: int
    members: dict[str, Role]
    description: str = ""
    description_id: str = ""
    description_by: str = ""
    description_at: int = 0
    is_announce: bool = False
    is_locked: bool = False
    ephemeral_s: int = 0
    version: int = 1


class Group:
    """Every change is told to the linked devices of its members, and kept for them until they have acknowledged it.

    `by` is who makes the change, an admin unless told otherwise. Members are handsets or numbers. `str()` is the
    group's address, so that it can stand wherever somebody to write to is expected.
    """

    def __init__(self, network: Network, facts: GroupFacts) -> None:
        self.facts = facts
        self._network = network

    def __str__(self) -> str:
        return str(self.jid)

    @property
    def jid(self) -> Jid:
        return Jid(self.facts.id, GROUP_SERVER)

    @property
    def subject(self) -> str:
        return self.facts.subject

    @property
    def server(self) -> str:
        """Of the addresses under which its members appear."""
        return SERVERS[self.facts.address]

    @property
    def accounts(self) -> list[Account]:
        """Its members, in the order of joining."""
        return [self._network.account(phone) for phone in self.facts.members]

    @property
    def members(self) -> Mapping[str, Role]:
        """The role of each member by number."""
        return self.facts.members

    def has(self, account: Account) -> bool:
        return account.phone in self.facts.members

    async def add(self, *members: object, by: object = None) -> None:
        """Those who are in already stay as they are. Raises ValueError when `by` is no admin."""
        author = self._admin(by)
        new = [account for account in self._people(members) if not self.has(account)]
        self._tell(author, self._change("add", new), self.accounts)
        self.facts.members.update({account.phone: "" for account in new})
        self._tell(author, Node("create", {}, [self.node()]), new)

    async def remove(self, *members: object, by: object = None) -> None:
        """Those removed are told too. Raises ValueError when `by` is no admin, or somebody is not in the group."""
        self._drop(self._admin(by), self._inside(members))

    async def leave(self, member: object) -> None:
        """Raises ValueError when they are not in the group."""
        [account] = self._inside([member])
        self.drop(account)

    async def promote(self, *members: object, by: object = None) -> None:
        """Makes members admins. Raises ValueError when `by` is no admin, or somebody is not in the group."""
        self._give_role("promote", "admin", self._inside(members), self._admin(by))

    async def demote(self, *members: object, by: object = None) -> None:
        """Raises ValueError when `by` is no admin, or somebody is not in the group."""
        self._give_role("demote", "", self._inside(members), self._admin(by))

    async def set_subject(self, subject: str, *, by: object = None) -> None:
        """Raises ValueError when `by` is not in the group, or no admin of a locked one."""
        author = self._editor(by)
        facts = self.facts
        facts.subject, facts.subject_by, facts.subject_at = subject, author.phone, int(self._network.now())
        self._tell(author, group_nodes.subject(facts, author), self.accounts)

    async def set_description(self, text: str, *, by: object = None) -> None:
        """An empty one is no description. Raises ValueError as `set_subject` does."""
        author = self._editor(by)
        facts = self.facts
        facts.description, facts.description_id = text, self._network.message_id()
        facts.description_by, facts.description_at = author.phone, int(self._network.now())
        self._tell(author, group_nodes.description(facts), self.accounts)

    async def set_announce(self, on: bool = True, *, by: object = None) -> None:
        """Only admins may write, or everybody. Raises ValueError when `by` is no admin."""
        author = self._admin(by)
        self.facts.is_announce = on
        self.facts.version += 1
        self._tell(author, group_nodes.announcement(self.facts), self.accounts)

    async def set_locked(self, on: bool = True, *, by: object = None) -> None:
        """Only admins may change subject and description, or everybody. Raises ValueError when `by` is no admin."""
        author = self._admin(by)
        self.facts.is_locked = on
        self._tell(author, Node("locked" if on else "unlocked"), self.accounts)

    async def set_ephemeral(self, seconds: int, *, by: object = None) -> None:
        """How long messages stay, 0 for ever. Raises ValueError when `by` is no admin."""
        author = self._admin(by)
        self.facts.ephemeral_s = seconds
        node = Node("ephemeral", {"expiration": str(seconds)}) if seconds else Node("not_ephemeral")
        self._tell(author, node, self.accounts)

    async def answer_together(self, to: object, id: str, type: str, members: Iterable[object]) -> None:
        """One receipt for what somebody has written here, by several members at once, as in large groups."""
        author, now = self._network.account(str(to)), str(int(self._network.now()))
        users = [Node("user", {"jid": self.address_of(one), "t": now}) for one in self._inside(members)]
        receipt = group_nodes.receipt(self.jid, id, type, now, users)
        for device in author.devices.values():
            self._network.post.deliver_node(device, receipt)

    def node(self) -> Node:
        """The group as queries and invitations show it."""
        return group_nodes.group(self.facts, self._network.account)

    def introduce(self) -> None:
        """Tells all members that the group has been made."""
        creator = self._network.account(self.facts.creator)
        self._tell(creator, Node("create", {"type": "new"}, [self.node()]), self.accounts)

    def address_of(self, account: Account) -> Jid:
        """How this account appears here."""
        return account.address(self.server)

    def is_writer(self, account: Account) -> bool:
        """Whether this account may write here."""
        return self.has(account) and (bool(self.facts.members[account.phone]) or not self.facts.is_announce)

    def drop(self, account: Account) -> None:
        """A member goes by themselves."""
        self._drop(account, [account])

    def _drop(self, author: Account, leaving: list[Account]) -> None:
        change, told = self._change("remove", leaving), self.accounts
        for account in leaving:
            del self.facts.members[account.phone]
        for account in told:
            self._network.handset(account).group_writer.forget_key(self.jid)
        self._tell(author, change, told)

    def _give_role(self, tag: str, role: Role, members: list[Account], author: Account) -> None:
        self.facts.members.update({account.phone: role for account in members})
        self._tell(author, self._change(tag, members), self.accounts)

    def _change(self, tag: str, members: list[Account]) -> Node:
        self.facts.version += 1
        return group_nodes.change(tag, self.facts, members)

    def _tell(self, author: Account, change: Node, told: Iterable[Account]) -> None:
        attrs = group_nodes.author(self.facts, author)
        for account in told:
            for device in account.devices.values():
                self._network.post.notify(device, self.jid, "w:gp2", [change], attrs)
        self._network.state_changed()

    def _people(self, members: Iterable[object]) -> list[Account]:
        return [self._network.account(str(member)) for member in members]

    def _inside(self, members: Iterable[object]) -> list[Account]:
        accounts = self._people(members)
        for account in accounts:
            if not self.has(account):
                raise ValueError(f"{account.phone} is not in {self.subject!r}")
        return accounts

    def _editor(self, by: object) -> Account:
        return self._admin(by) if by is None or self.facts.is_locked else self._inside([by])[0]

    def _admin(self, by: object) -> Account:
        admins = [phone for phone, role in self.facts.members.items() if role] or list(self.facts.members)
        if by is None:
            return self._network.account(admins[0])
        account = self._network.account(str(by))
        if account.phone not in admins:
            raise ValueError(f"{account.phone} is no admin of {self.subject!r}")
        return account
