"""A phone's address book: names that reach its linked devices as app state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.app_state.actions import CONTACT, known_as
from recado_simulator.jid import LID_SERVER, PHONE_SERVER, Jid
from recado_simulator.letter import Address
from recado_simulator.protobuf import bytes_of, decode

if TYPE_CHECKING:
    from recado_simulator.network import Network
    from recado_simulator.phone import Phone


class Book:
    """`who` is a contact, a number or a JID; people who are not on the network can be in the book too."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    @property
    def names(self) -> dict[str, str]:
        """Full names by the JID that they are kept under."""
        found = {}
        for entry in self._phone.app_state.entries(CONTACT.collection):
            name, jid = entry.index[:2]
            if name == CONTACT.name:
                contact = decode(bytes_of(decode(entry.value), CONTACT.field) or b"")
                found[jid] = (bytes_of(contact, 1) or b"").decode(errors="replace")
        return found

    def save(
        self,
        who: object,
        name: str,
        *,
        first: str | None = None,
        address: Address = "pn",
        alternative: bool = True,
    ) -> None:
        """Writes somebody down, or anew.

        `address` says whether under the phone number or the LID (a JID says it itself), `alternative` whether the
        other one is told too, as far as the network knows it.
        """
        jid = address_of(self._phone.network, who, address)
        account = self._phone.network.directory.of_jid(jid) if alternative else None
        lid = jid if jid.server == LID_SERVER else account and account.lid_jid
        phone = jid if jid.server == PHONE_SERVER else account and account.phone_jid
        body = known_as(name, first, str(lid) if lid else None, str(phone) if phone else None)
        self._phone.app_state.set(CONTACT.collection, CONTACT.entry(self._phone.network.now(), body, str(jid)))

    def remove(self, who: object, *, address: Address = "pn") -> None:
        """Raises LookupError when they are not in the book under this address."""
        jid = address_of(self._phone.network, who, address)
        self._phone.app_state.remove(CONTACT.collection, (CONTACT.name, str(jid)))


def address_of(network: Network, who: object, address: Address) -> Jid:
    """The JID of a handset, a number or a group; a JID stays as it is."""
    text = str(who).removeprefix("+")
    if "@" in text:
        return Jid.parse(text)
    account = network.directory.of_phone(text)
    if account is None:
        return Jid(text, PHONE_SERVER)
    return account.lid_jid if address == "lid" else account.phone_jid
