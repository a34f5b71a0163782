"""A network: a whole WhatsApp on loopback, put together."""

from __future__ import annotations

import random
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from recado_simulator.account import Account, AccountKind, LinkedDevice
from recado_simulator.certificate import Authority
from recado_simulator.codec import Codec
from recado_simulator.contact import Contact
from recado_simulator.directory import Directory
from recado_simulator.doubles import Double
from recado_simulator.farewells import device_removed
from recado_simulator.faults import Faults
from recado_simulator.group import Group
from recado_simulator.groups import Groups
from recado_simulator.handset import Handset
from recado_simulator.jid import Jid
from recado_simulator.ledger import Ledger
from recado_simulator.letter import Address
from recado_simulator.mailbox import Mailbox
from recado_simulator.options import NetworkOptions
from recado_simulator.pairings import Pairings
from recado_simulator.phone import Phone
from recado_simulator.pictures import Pictures
from recado_simulator.post import Post
from recado_simulator.prepared import Prepared
from recado_simulator.presences import Presences
from recado_simulator.server import Server
from recado_simulator.shelf import Shelf
from recado_simulator.signal import SignalDevice
from recado_simulator.state import State
from recado_simulator.tokens import Tokens

EXTRA_CONTACT = 5_599_980_000_000


class Network:
    """Accounts, their devices and what is on its way between them; an async context manager that listens.

    Raises TokensMissing when made without the token dictionaries.
    """

    def __init__(self, options: NetworkOptions | None = None) -> None:
        self.options = options or NetworkOptions()
        self.random = random.Random(self.options.seed)
        self.codec = Codec(Tokens.load())
        self.authority = Authority.generate(self.random)
        self.directory = Directory()
        self.ledger = Ledger()
        self.doubles: list[Double] = []
        self.faults = Faults(self)
        self.pairings = Pairings(self)
        self.post = Post(self)
        self.groups = Groups(self)
        self.pictures = Pictures(self)
        self.presences = Presences(self)
        self.shelf = Shelf()
        self.host = ""
        self._handsets: dict[str, Handset] = {}
        self._server = Server(self)
        self._ids = 0
        self._state = State(self)
        self._state.load()
        self.certificates = self.authority.chain(self.random)

    async def __aenter__(self) -> Self:
        port = await self._server.start(self.options.port)
        self.host = f"127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop()
        self._state.save(is_clean=True)

    @property
    def url(self) -> str:
        """What `--network` of an engine host is to be."""
        return f"ws://{self.host}"

    @property
    def root_key(self) -> str:
        """What `--root-key` of an engine host is to be: 64 hex digits."""
        return self.authority.root.public.hex()

    @property
    def handsets(self) -> list[Handset]:
        return list(self._handsets.values())

    @property
    def phones(self) -> list[Phone]:
        return [handset for handset in self._handsets.values() if isinstance(handset, Phone)]

    @property
    def contacts(self) -> list[Contact]:
        return [handset for handset in self._handsets.values() if isinstance(handset, Contact)]

    def add_phone(self, phone: str, *, name: str = "", lid: str | None = None) -> Phone:
        """The phone with this number, a new one unless there is one. Raises ValueError when a contact has it."""
        handset = self._handsets.get(phone) or self._add(phone, name, lid, "phone")
        if not isinstance(handset, Phone):
            raise ValueError(f"{phone} is a contact")
        return handset

    def add_contact(self, phone: str, *, name: str = "", lid: str | None = None) -> Contact:
        """The contact with this number, a new one unless there is one. Raises ValueError when a phone has it."""
        handset = self._handsets.get(phone) or self._add(phone, name, lid, "contact")
        if not isinstance(handset, Contact):
            raise ValueError(f"{phone} is a phone")
        return handset

    def add_group(
        self,
        subject: str,
        members: Iterable[object],
        *,
        admins: Iterable[object] = (),
        id: str | None = None,
        address: Address = "lid",
        description: str = "",
    ) -> Group:
        """A new group of handsets or numbers; the first admin, else the first member, has made it.

        `address` says how its members appear. Raises LookupError for an unknown number, ValueError without members
        or when a group has that id.
        """
        return self.groups.add(subject, members, admins=admins, id=id, address=address, description=description)

    def group(self, address: object) -> Group:
        """The group with this JID. Raises LookupError."""
        found = self.groups.find(address)
        if found is None:
            raise LookupError(f"there is no group {address}")
        return found

    def set_picture(self, owner: object, image: bytes, *, preview: bytes | None = None, by: object = None) -> str:
        """The picture (JPEG bytes) of a handset, a number or a group; returns its id. `by` is who set a group's."""
        author = self.account(str(by)) if by is not None else None
        return self.pictures.set(self._owner(owner), image, preview, author)

    def hide_picture(self, owner: object) -> None:
        """Nobody but its owner sees it any longer. Raises LookupError when there is none."""
        self.pictures.hide(self._owner(owner))

    def remove_picture(self, owner: object, *, by: object = None) -> None:
        """There is none afterwards."""
        self.pictures.remove(self._owner(owner), self.account(str(by)) if by is not None else None)

    def extra_contact(self, n: int) -> Contact:
        """The n-th of the contacts that exist only to make up numbers."""
        return self.add_contact(str(EXTRA_CONTACT + n), name=f"Contact {n}")

    def account(self, phone: str) -> Account:
        """The account of a number (digits, a + before them is allowed) or a JID. Raises LookupError."""
        jid = Jid.parse(phone) if "@" in phone else None
        found = self.directory.of_jid(jid) if jid else self.directory.of_phone(phone.removeprefix("+"))
        if found is None:
            raise LookupError(f"nobody has the number {phone}")
        return found

    def handset(self, account: Account) -> Handset:
        return self._handsets[account.phone]

    def enqueue(self, prepared: Prepared) -> None:
        """Puts prepared messages in their devices' mailboxes."""
        for device, parcels in prepared.parcels:
            self.post.deliver(device, self.post.entered(device, parcels))

    def unlink(self, account: Account) -> None:
        """Removes all linked devices of an account; those online are told."""
        for device in list(account.devices.values()):
            connection = device.connection
            self.forget_device(device)
            if connection is not None:
                connection.end(device_removed())

    def forget_device(self, device: LinkedDevice) -> None:
        device.account.devices.pop(device.number, None)
        self.state_changed()

    def new_mailbox(self) -> Mailbox:
        return Mailbox(self.options.offline_batch)

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        return self.options.clock()

    def next_id(self) -> str:
        """The id of a stanza that the network itself sends."""
        self._ids += 1
        return str(self._ids)

    def message_id(self) -> str:
        """A new id as phones make them."""
        return f"3A{self.random.randbytes(9).hex().upper()}"

    def state_changed(self) -> None:
        """Something that a restart must find again is different now."""
        self._state.touch()

    def restore(self, account: Account, signal: SignalDevice) -> None:
        """Puts back an account from an earlier run."""
        self.directory.add(account)
        kind = Phone if account.kind == "phone" else Contact
        self._handsets[account.phone] = kind(self, account, signal)

    def _owner(self, owner: object) -> Account | Group:
        return self.groups.find(owner) or self.account(str(owner))

    def _add(self, phone: str, name: str, lid: str | None, kind: AccountKind) -> Handset:
        if not phone.isdigit():
            raise ValueError(f"{phone!r} is not a number in digits")
        # Keys depend on the seed and the number alone, so that the order of calls does not matter.
        source = random.Random(f"{self.options.seed}/{phone}")
        account = Account(
            phone=phone,
            lid=(lid or "").partition("@")[0] or lid_of(source),
            name=name,
            kind=kind,
            raw_id=source.getrandbits(31),
        )
        self.restore(account, SignalDevice(source))
        self.state_changed()
        return self._handsets[phone]


def lid_of(source: random.Random) -> str:
    """Fifteen digits, as LIDs have."""
    return str(source.randrange(10**14, 10**15))
