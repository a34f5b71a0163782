"""The composition root: the only file that knows every concrete class, and puts Recado together from them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from recado.api.context import Services
from recado.app import bound, create_app, serve
from recado.clock import Clock, SystemClock
from recado.crew import Crew, crew
from recado.data_dir import claimed, worker_id
from recado.domain.engine import Engine, Inbound, Signal
from recado.domain.errors import Misconfigured
from recado.engines.binary import find_binary
from recado.engines.whatsmeow import Whatsmeow
from recado.engines.whatsmeow_program import WhatsmeowOptions, upgrade_tables, whatsmeow_program
from recado.services.access import Keys
from recado.services.bell import Bell
from recado.services.dispatch import Dispatch
from recado.services.incoming import Committer
from recado.services.instance_urls import InstanceUrls
from recado.services.instances import Instances
from recado.services.lifecycle import Lifecycle
from recado.services.messages import Messages
from recado.services.outgoing import Outgoing
from recado.services.readiness import Readiness
from recado.services.streams import Streams
from recado.services.tail import Tail
from recado.services.upkeep import Upkeep
from recado.services.webhooks import Webhooks
from recado.settings import Settings
from recado.sinks.guard import Guard
from recado.sinks.live import LiveSink
from recado.sinks.names import system_lookup
from recado.sinks.webhook import WebhookClient
from recado.store import checks, embedded, migrate
from recado.store.database import Database
from recado.store.embedded.site import find_site
from recado.store.sealing import seal_schema

_AS_USUAL: Final[Mapping[str, str]] = MappingProxyType({})
_ENGINE_SCHEMA: Final = "whatsmeow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A running Recado. `address` is its URL, `admin_key` the key that was made at this start, if one was."""

    settings: Settings
    address: str
    port: int
    socket: Path
    admin_key: str | None = field(repr=False)
    database: Database
    services: Services
    lifecycle: Lifecycle
    engine: Engine

    async def ended(self) -> None:
        """Wait until the process is asked to end, by SIGINT or SIGTERM."""
        asked = asyncio.Event()
        with _signals(asked):
            await asked.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ears:
    """What an engine says goes to the committer when it has to be kept, to the lifecycle when it is a change."""

    committer: Committer
    lifecycle: Lifecycle

    async def handle(self, inbound: Inbound) -> None:
        await self.committer.handle(inbound)

    def signal(self, signal: Signal) -> None:
        self.lifecycle.signal(signal)


@contextlib.asynccontextmanager
async def running(
    settings: Settings,
    *,
    is_demo: bool = False,
    clock: Clock | None = None,
    engine: Engine | None = None,
    postgres: Mapping[str, str] = _AS_USUAL,
) -> AsyncIterator[Runtime]:
    """All of Recado until the end of the block, in which every part finishes what it has in hand.

    `engine` stands in for the whatsmeow host, `postgres` holds settings for the embedded server. Raises Misconfigured
    when Recado cannot start, and what crew() raises when a part of it ends by itself.
    """
    clock = clock or SystemClock()
    if engine is None:
        find_binary(settings.engine_binary)
    async with AsyncExitStack() as stack:
        stack.enter_context(claimed(settings.data_dir, is_demo=is_demo))
        doors = stack.enter_context(bound(settings))
        server = await _embedded(stack, settings, postgres)
        url = server.url if server is not None else settings.database_url or ""
        await _prepare(settings, url, has_host=engine is None)
        database = await stack.enter_async_context(_opened(settings, url))
        engine = engine or _whatsmeow(settings, url, clock)
        guard = Guard(settings.allow_private_webhooks, system_lookup)
        client = await stack.enter_async_context(WebhookClient.open(guard, system_lookup, clock))
        members = await stack.enter_async_context(crew())
        if server is not None:
            members.add("postgres", server.run)
        services, lifecycle = _assemble(settings, database, engine, clock, guard, client, members)
        admin_key = await services.keys.ensure_admin(settings.admin_key)
        app = create_app(services, settings)
        members.add("api", partial(serve, app, doors, before_leaving=services.streams.close))
        yield Runtime(
            settings=settings,
            address=doors.address,
            port=doors.port,
            socket=doors.path,
            admin_key=admin_key,
            database=database,
            services=services,
            lifecycle=lifecycle,
            engine=engine,
        )


def _assemble(
    settings: Settings,
    database: Database,
    engine: Engine,
    clock: Clock,
    guard: Guard,
    client: WebhookClient,
    members: Crew,
) -> tuple[Services, Lifecycle]:
    """Every service, alive. They are ended from the last one added to the first: what hears goes after what speaks."""
    bell, changes = Bell(), Bell()
    tail = Tail(database, bell, clock)
    streams = Streams(database, tail, LiveSink)
    committer = Committer(database, clock, bell)
    worker = worker_id(settings.data_dir)
    lifecycle = Lifecycle(database, engine, clock, bell, holder=worker, check_every=settings.health_interval)
    outgoing = Outgoing(database, engine, lifecycle.roster, clock, bell, region=settings.region)
    members.add("upkeep", Upkeep(database, clock, timedelta(days=settings.retention_days)).run)
    members.add("tail", tail.run)
    members.add("dispatch", Dispatch(database, tail, client.sink, clock, changes, holder=worker).run)
    members.add("instance urls", InstanceUrls(database, clock, changes).run)
    members.add("committer", committer.run)
    members.add("engine", partial(engine.run, _Ears(committer=committer, lifecycle=lifecycle)))
    members.add("lifecycle", lifecycle.run)
    members.add("outgoing", outgoing.run)
    services = Services(
        database=database,
        keys=Keys(database, clock, on_revoked=streams.drop_key),
        instances=Instances(database, clock, bell, lifecycle, changes),
        messages=Messages(database),
        outgoing=outgoing,
        webhooks=Webhooks(database, clock, changes, guard, client.sink),
        streams=streams,
        readiness=Readiness(database, [engine]),
    )
    return services, lifecycle


async def upgrade(settings: Settings, url: str) -> list[str]:
    """Bring our tables and the engine's up to date, and close their schemas; the migrations that were applied."""
    async with _opened(settings, url) as database:
        applied = await migrate.upgrade(database)
        await upgrade_tables(find_binary(settings.engine_binary), url, schema=_ENGINE_SCHEMA)
        async with database.transaction() as tx:
            await seal_schema(tx, _ENGINE_SCHEMA)
    return applied


@contextlib.asynccontextmanager
async def database_url(settings: Settings) -> AsyncIterator[str]:
    """The database to go straight to: the one of the settings, else the embedded one, which is started if need be."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    async with AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(embedded.serve(_home(settings)))
        except Misconfigured as error:
            if error.code != "data_dir_in_use":
                raise
            yield find_site(_home(settings)).url()
        else:
            yield server.url


async def _embedded(stack: AsyncExitStack, settings: Settings, changes: Mapping[str, str]) -> embedded.Server | None:
    if settings.database_url is not None:
        return None
    return await stack.enter_async_context(embedded.serve(_home(settings), settings=changes))


async def _prepare(settings: Settings, url: str, *, has_host: bool) -> None:
    checks.refuse(await checks.examine(url, prepare_threshold=settings.database_prepare_threshold))
    if has_host:
        await upgrade(settings, url)
        return
    async with _opened(settings, url) as database:
        await migrate.upgrade(database)


def _home(settings: Settings) -> Path:
    return settings.data_dir / "postgres"


def _opened(settings: Settings, url: str) -> contextlib.AbstractAsyncContextManager[Database]:
    return Database.open(url, prepare_threshold=settings.database_prepare_threshold, max_size=settings.database_pool)


def _whatsmeow(settings: Settings, url: str, clock: Clock) -> Whatsmeow:
    options = WhatsmeowOptions(
        schema=_ENGINE_SCHEMA,
        pool=settings.engine_pool,
        network=settings.engine_network,
        root_key=settings.engine_root_key,
        allow_remote_network=settings.engine_allow_remote_network,
        wa_version=settings.engine_wa_version,
        silence=settings.engine_silence,
        keepalive_min=settings.engine_keepalive_min,
        keepalive_max=settings.engine_keepalive_max,
        keepalive_deadline=settings.engine_keepalive_deadline,
    )
    program = whatsmeow_program(find_binary(settings.engine_binary), url, settings.data_dir / "exchange", options)
    return Whatsmeow(program, clock)


@contextlib.contextmanager
def _signals(asked: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
