"""A group writer: how a handset writes into groups, encrypting once for everybody who has its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_simulator.account import LinkedDevice
from recado_simulator.content import key_distribution
from recado_simulator.damage import damaged_stanza
from recado_simulator.group import Group
from recado_simulator.group_letter import GroupLetter
from recado_simulator.jid import Jid
from recado_simulator.node import Node
from recado_simulator.parcel import Parcel, key_of_stanza
from recado_simulator.prekey_nodes import read_bundle
from recado_simulator.signal import pad

if TYPE_CHECKING:
    from recado_simulator.handset import Handset


class GroupWriter:
    """One sender key a group, handed to each linked device before the first message that it gets.

    When somebody leaves a group its key is made anew.
    """

    def __init__(self, handset: Handset) -> None:
        self._handset = handset
        self._keyed: dict[Jid, set[str]] = {}
        self._letters: dict[tuple[str, Jid], GroupLetter] = {}

    def send(self, group: Group, message: bytes, *, id: str | None, alternative: bool, corrupt: bool) -> GroupLetter:
        """Raises ValueError when this handset may not write there."""
        if not group.is_writer(self._handset.account):
            raise ValueError(f"{self._handset.phone} may not write in {group.subject!r}")
        letter = self._letter(group, message, id, alternative)
        devices = [device for account in group.accounts for device in account.devices.values()]
        key, shared = self._sealed(letter) if devices else (b"", b"")
        for device in devices:
            encs = [*self._key_for(device, letter, key), letter.enc("skmsg", shared)]
            self._post(device, letter.stanza(device, encs), corrupt=corrupt)
        self._tell_handsets(group, letter)
        return letter

    def resend(self, device: LinkedDevice, group: Jid, node: Node) -> None:
        """A device asks for a message again: it gets the key and the message under a new session of the two."""
        letter, retry = self._letters.get((node.text("id"), group)), node.first("retry")
        if letter is None or retry is None:
            return
        handset = self._handset
        handset.signal.drop_session(device.signal_address)
        key = key_distribution(str(group), handset.signal.groups.distribution(str(group)))
        self._keyed.setdefault(group, set()).add(device.signal_address)
        ciphertext = handset.encrypt_for(device, key + letter.message, read_bundle(node))
        enc = letter.enc(ciphertext.kind, ciphertext.data, int(retry.text("count", "1")))
        handset.network.post.replace(device, letter.stanza(device, [enc]))

    def forget_key(self, group: Jid) -> None:
        """Somebody has left: what is written from now on must be unreadable to them."""
        self._handset.signal.groups.rotate(str(group))
        self._keyed.pop(group, None)

    def _letter(self, group: Group, message: bytes, id: str | None, alternative: bool) -> GroupLetter:
        network = self._handset.network
        letter = GroupLetter(
            id=id or network.message_id(),
            sender=self._handset.account,
            group=group.jid,
            message=message,
            address=group.facts.address,
            alternative=alternative,
            sent_at=int(network.now()),
        )
        self._letters[letter.id, letter.group] = letter
        return letter

    def _sealed(self, letter: GroupLetter) -> tuple[bytes, bytes]:
        """The key as it is before this message, and the message under it."""
        signal, name = self._handset.signal, str(letter.group)
        key = key_distribution(name, signal.groups.distribution(name))
        return key, signal.groups.encrypt(name, pad(letter.message, signal.random))

    def _key_for(self, device: LinkedDevice, letter: GroupLetter, key: bytes) -> list[Node]:
        keyed = self._keyed.setdefault(letter.group, set())
        if device.signal_address in keyed:
            return []
        keyed.add(device.signal_address)
        ciphertext = self._handset.encrypt_for(device, key)
        return [letter.enc(ciphertext.kind, ciphertext.data)]

    def _post(self, device: LinkedDevice, stanza: Node, *, corrupt: bool) -> None:
        post, codec = self._handset.network.post, self._handset.network.codec
        if corrupt:
            stanza = damaged_stanza(stanza)
        post.deliver(device, post.entered(device, [Parcel(key_of_stanza(stanza), codec.encode(stanza), None)]))

    def _tell_handsets(self, group: Group, letter: GroupLetter) -> None:
        for account in group.accounts:
            if account is not letter.sender:
                self._handset.network.handset(account).take_plain(letter.sender, letter)
