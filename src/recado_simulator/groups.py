"""Groups: all groups of a network."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from recado_simulator.account import Account
from recado_simulator.group import Group, GroupFacts, Role
from recado_simulator.jid import GROUP_SERVER, Jid
from recado_simulator.letter import Address

if TYPE_CHECKING:
    from recado_simulator.network import Network

PREFIX = "120363"  # ids of groups begin so


class Groups:
    """Found by their address; those of an account are what it participates in."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._groups: dict[str, Group] = {}

    def __iter__(self) -> Iterator[Group]:
        return iter(list(self._groups.values()))

    def add(
        self,
        subject: str,
        members: Iterable[object],
        *,
        admins: Iterable[object],
        id: str | None,
        address: Address,
        description: str,
    ) -> Group:
        """The first admin, or else the first member, has made the group. Raises ValueError, LookupError."""
        leaders = [self._network.account(str(admin)).phone for admin in admins]
        phones = [self._network.account(str(member)).phone for member in members]
        everybody = list(dict.fromkeys([*phones, *leaders]))
        if not everybody:
            raise ValueError("a group has members")
        creator = (leaders or everybody)[0]
        user = (id or "").partition("@")[0] or self._new_id()
        if user in self._groups:
            raise ValueError(f"the group {user} is there already")
        now = int(self._network.now())
        facts = GroupFacts(
            id=user,
            address=address,
            creator=creator,
            created_at=now,
            subject=subject,
            subject_by=creator,
            subject_at=now,
            members={phone: role_of(phone, creator, leaders) for phone in everybody},
            description=description,
            description_id=self._network.message_id() if description else "",
            description_by=creator,
            description_at=now,
        )
        group = self._groups[user] = Group(self._network, facts)
        group.introduce()
        return group

    def find(self, address: object) -> Group | None:
        """The group with this JID, also as text."""
        jid = address if isinstance(address, Jid) else Jid.parse(str(address))
        return self._groups.get(jid.user) if jid.server == GROUP_SERVER else None

    def of(self, account: Account) -> list[Group]:
        return [group for group in self if group.has(account)]

    def refusal(self, account: Account, to: Jid | None) -> int:
        """The code with which what this account writes there is refused; 0 when it is not, or is not for a group."""
        if to is None or to.server != GROUP_SERVER:
            return 0
        group = self.find(to)
        if group is None:
            return 404
        return 0 if group.is_writer(account) else 403

    def to_state(self) -> list[dict[str, Any]]:
        return [asdict(group.facts) for group in self]

    def load(self, state: list[dict[str, Any]]) -> None:
        self._groups = {facts["id"]: Group(self._network, GroupFacts(**facts)) for facts in state}

    def _new_id(self) -> str:
        source = random.Random(f"{self._network.options.seed}/group/{len(self._groups)}")
        return f"{PREFIX}{source.randrange(10**11, 10**12)}"


def role_of(phone: str, creator: str, admins: list[str]) -> Role:
    if phone == creator:
        return "superadmin"
    return "admin" if phone in admins else ""
