"""The time lock: an account may start no new chats until it ends; those who have written to it can be answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recado_simulator.jid import NETWORK, Jid
from recado_simulator.node import Node

if TYPE_CHECKING:
    from recado_simulator.account import Account
    from recado_simulator.network import Network

REFUSAL = 463
OPERATION = "NotificationUserReachoutTimelockUpdate"
KIND = "WEB_COMPANION_ONLY"


def tell(network: Network, account: Account, until: float | None) -> None:
    """Notifies the account's linked devices, those that are away when they come; None: it is over."""
    told: dict[str, object] = {"is_active": until is not None}
    if until is not None:
        told |= {"enforcement_type": KIND, "time_enforcement_ends": str(int(until))}
    data = json.dumps({"data": {"xwa2_notify_account_reachout_timelock": told}}).encode()
    for device in account.devices.values():
        network.post.notify(device, NETWORK, "mex", [Node("update", {"op_name": OPERATION}, data)])


def is_new_chat(network: Network, account: Account, to: Jid | None) -> bool:
    """Whether that is a person who has never written to the account."""
    other = network.directory.of_jid(to) if to is not None else None
    if other is None or other is account:
        return False
    names = {str(other.lid_jid), str(other.phone_jid)}
    return not any(row.sender in names for row in network.ledger.inbound(account.phone))
