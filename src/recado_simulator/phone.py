"""A phone: the main device of an account that clients get linked to."""

from __future__ import annotations

import asyncio

from recado_simulator.handset import Handset
from recado_simulator.link_code import LinkCodeRefused, answer_hello
from recado_simulator.pairings import ScanRefused


class Phone(Handset):
    """Links devices, by QR code or by a typed code, and unlinks them; it can send and read as any handset."""

    async def scan(self, qr: str) -> None:
        """Links the device that shows this QR text; returns when it is paired. Raises ScanRefused."""
        offer, code = self.network.pairings.scanned(qr)
        await self.network.pairings.link(offer, self.account, code.adv_secret)

    async def enter_code(self, code: str) -> None:
        """Links the device that asked for a code for this number, by the code it shows. Raises ScanRefused."""
        pairings = self.network.pairings
        offer = pairings.waiting_for_code(self.account)
        assert offer.hello is not None
        try:
            hello = await asyncio.to_thread(
                answer_hello, code, offer.hello.wrapped_ephemeral, self.signal.identity, self.signal.random
            )
            finish = await pairings.primary_hello(offer, hello.wrapped_ephemeral, self.signal.identity.public)
            keys = hello.finish(finish.wrapped_key_bundle, finish.identity_key)
        except LinkCodeRefused as refused:
            raise ScanRefused(str(refused)) from refused
        await pairings.link(offer, self.account, keys.adv_secret)

    async def unlink(self) -> None:
        """Removes all linked devices: 401 device_removed for those online, and at any later login."""
        self.network.unlink(self.account)
