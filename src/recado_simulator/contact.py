"""A contact: somebody to talk with."""

from __future__ import annotations

from recado_simulator.handset import Handset
from recado_simulator.letter import Address
from recado_simulator.prepared import Prepared


class Contact(Handset):
    """A handset whose messages can also be encrypted ahead."""

    def prepare(self, to: object, messages: list[bytes], *, chat_count: int = 1, address: Address = "lid") -> Prepared:
        """Encrypts messages ahead, for `network.enqueue`: dealt out in turn to `chat_count` contacts, this one first.

        The others are made as needed. Raises LookupError when `to` has no linked device to encrypt for.
        """
        others = [self.network.extra_contact(n) for n in range(1, chat_count)]
        return Prepared.encrypt(self.network, [self, *others], to, messages, address)
