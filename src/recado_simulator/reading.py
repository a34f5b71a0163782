"""Reading: how it becomes known that a handset, or a device linked to it, has read something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.account import Account, LinkedDevice
from recado_simulator.inbox import InboxMessage, group_of
from recado_simulator.jid import Jid
from recado_simulator.node import Value
from recado_simulator.witness import Sighting

if TYPE_CHECKING:
    from recado_simulator.handset import Handset

READ, READ_SELF = "read", "read-self"
PLAYED, PLAYED_SELF = "played", "played-self"
TYPES = frozenset((READ, READ_SELF, PLAYED, PLAYED_SELF))
PRIVATE = frozenset((READ_SELF, PLAYED_SELF))


def read(handset: Handset, who: object) -> list[str]:
    """Reads all that came from an account, or was written into a group; returns the ids.

    Those who wrote are told unless the handset hides what it reads; its own linked devices always are.
    Raises LookupError.
    """
    network = handset.network
    group = network.groups.find(who)
    account = None if group else network.account(str(who))
    place = str(group) if group else ""
    unread = [
        message
        for message in handset.inbox
        if not (message.is_read or message.is_from_me)
        and group_of(message.chat) == place
        and (account is None or message.account == account.phone)
    ]
    for author, chat in dict.fromkeys((message.account, message.chat) for message in unread):
        here = [message for message in unread if (message.account, message.chat) == (author, chat)]
        tell(handset, network.account(author), chat, here)
    network.ledger.changed()
    return [message.id for message in unread]


def tell(handset: Handset, author: Account, chat: Jid, messages: list[InboxMessage]) -> None:
    ids = [message.id for message in messages]
    for message in messages:
        message.is_read = True
        if message.row is not None:
            message.row.read_for(handset.phone)
    post, own = handset.network.post, handset.answering(chat)
    if handset.shows_reads:
        post.send_receipt(author, own, ids, READ)
        saw_receipt(handset.network.handset(author), handset.account, chat, READ, ids)
    copy = own | {"recipient": author.address(address_server(handset, chat))}
    post.send_receipt(handset.account, copy, ids, READ if handset.shows_reads else READ_SELF)


def read_elsewhere(
    handset: Handset, device: LinkedDevice, author: Account, chat: Jid, type: str, ids: list[str]
) -> None:
    """A linked device has read something: its phone and its other devices know it too."""
    for id in ids:
        message = handset.inbox.find(author.phone, id, chat)
        if message is not None:
            message.is_read = True
    own: dict[str, Value] = handset.answering(chat)
    copy = own | {"recipient": author.address(address_server(handset, chat))}
    handset.network.post.send_receipt(handset.account, copy, ids, type, but=device)


def saw_receipt(handset: Handset, who: Account, chat: Jid, type: str, ids: list[str]) -> None:
    """Somebody has got, or read, what this handset wrote."""
    if type in PRIVATE:
        return
    sighting = Sighting(
        kind="receipt", who=who.phone, state=type, at=handset.network.now(), chat=chat.bare, ids=tuple(ids)
    )
    handset.sees.add(sighting)


def address_server(handset: Handset, chat: Jid) -> str:
    """Which of their addresses people have in a chat."""
    group = handset.network.groups.find(chat)
    return chat.server if group is None else group.server
