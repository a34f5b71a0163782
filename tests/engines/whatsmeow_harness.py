"""The real engine: the whatsmeow host as a child, against the simulated network."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from recado.clock import SystemClock
from recado.domain.engine import Inbound, Notice
from recado.engines.host import HostProgram, Pace
from recado.engines.whatsmeow import Whatsmeow
from recado.engines.whatsmeow_program import WhatsmeowOptions, upgrade_tables, whatsmeow_program
from recado_simulator import Contact, Network, NetworkOptions, Phone
from tests.engines.harness import Arrived, round_trips
from tests.engines.notebook import Notebook
from tests.engines.whatsmeow_phone import PhoneSide
from tests.waiting import until

BINARY = Path(os.environ.get("RECADO_ENGINE_BINARY") or Path(__file__).parents[2] / "build" / "recado-whatsmeow")
GUARD = timedelta(seconds=30)
QUICK = Pace(
    heartbeat=timedelta(milliseconds=500),
    lease=timedelta(seconds=20),
    farewell=timedelta(seconds=5),
    restarts=(timedelta(0), timedelta(milliseconds=100)),
)


class Recording(Whatsmeow):
    """The product's adapter, which also keeps every event as it came over the wire."""

    def __init__(self, program: HostProgram, pace: Pace) -> None:
        super().__init__(program, SystemClock(), pace=pace)
        self.frames: list[dict[str, Any]] = []

    async def request(self, method: str, params: dict[str, Any]) -> Any:
        self.frames.append(params)
        return await super().request(method, params)


class WhatsmeowHarness(PhoneSide):
    """The contract's network, and the parts behind it for tests of what only this engine does."""

    def __init__(self, engine: Recording, network: Network, listener: Notebook) -> None:
        self.engine = engine
        self.network = network
        self.listener = listener
        self.numbers: dict[str, str] = {}  # the last digits of sessions whose name does not end in one
        self.contact: Contact = network.add_contact("5511988887777", name="Maria")

    async def ask(self, method: str, **params: Any) -> Any:
        """A call of the protocol as it stands in the document. Raises RpcError."""
        return await self.engine.host.call(method, params, GUARD)

    async def frame(self, type: str, session: str = "s1", *, count: int = 1) -> dict[str, Any]:
        """The data of the `count`-th event of this type, once it has come."""
        await until(lambda: len(self.events(type, session)) >= count)
        data = self.events(type, session)[count - 1]["data"]
        assert isinstance(data, dict)
        return data

    def events(self, type: str, session: str = "s1") -> list[dict[str, Any]]:
        return [one for one in self.engine.frames if one["type"] == type and one["session"] == session]

    def phone(self, session: str) -> Phone:
        return self.network.add_phone(f"551199999000{self.numbers.get(session, session[-1])}", name="Loja")

    def phone_of(self, session: str) -> str:
        return self.phone(session).phone

    def somebody(self) -> str:
        return self.contact.phone

    def nobody(self) -> str:
        return "5511900000000"

    async def scan(self, session: str, code: str) -> None:
        await self.phone(session).scan(code)

    async def enter_code(self, session: str, code: str) -> None:
        await self.phone(session).enter_code(code)

    async def write(self, session: str, text: str) -> str:
        return await self.contact.send_text(self.phone(session), text)

    async def news_of_names(self, session: str) -> None:
        await self.listener.until(lambda: [one for one in self.listener.heard if _is_name_of(session, one)])

    async def is_confirmed(self, session: str, wa_id: str) -> bool:
        return self.network.ledger.row(self.phone(session), wa_id).confirmed_at is not None

    async def time_to_hear(self, session: str, wa_id: str) -> None:
        await round_trips(self.engine, session)

    async def arrived(self, session: str) -> list[Arrived]:
        from_here = self.phone_of(session)
        return [Arrived(wa_id=m.id, text=m.text) for m in self.contact.inbox if m.account == from_here]

    async def cut(self, session: str) -> None:
        self.network.faults.cut(self.phone(session))

    async def unlink(self, session: str) -> None:
        await self.phone(session).unlink()

    async def refuse_next_send(self, session: str, code: int) -> None:
        self.network.faults.nack(self.phone(session), code)

    async def crash(self) -> None:
        assert self.engine.host.pid is not None
        os.kill(self.engine.host.pid, signal.SIGKILL)

    @property
    def exchange(self) -> Path:
        return self.engine.host.program.exchange


def _is_name_of(session: str, inbound: Inbound) -> bool:
    return isinstance(inbound, Notice) and inbound.session == session and inbound.name == "PushName"


@contextlib.asynccontextmanager
async def whatsmeow(
    database_url: str,
    directory: Path,
    *,
    pace: Pace = QUICK,
    listener: Notebook | None = None,
    options: WhatsmeowOptions | None = None,
    network_options: NetworkOptions | None = None,
    adapter: type[Recording] = Recording,
    binary: Path = BINARY,
) -> AsyncIterator[WhatsmeowHarness]:
    """The host on that database, attached; a network of its own. All of it has ended when the block is left."""
    options = options or WhatsmeowOptions()
    await upgrade_tables(binary, database_url)
    async with Network(network_options or NetworkOptions(seed=7)) as network:
        led = WhatsmeowOptions(
            network=network.url,
            root_key=network.root_key,
            keepalive_min=options.keepalive_min,
            keepalive_max=options.keepalive_max,
            keepalive_deadline=options.keepalive_deadline,
            silence=options.silence,
        )
        program = whatsmeow_program(binary, database_url, directory / "exchange", led)
        listener = listener or Notebook()
        engine = adapter(program, pace)
        running = asyncio.ensure_future(engine.run(listener))
        try:
            await listener.signalled("host_up")
            yield WhatsmeowHarness(engine, network, listener)
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
