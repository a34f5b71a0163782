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
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Final, assert_never
from uuid import UUID

import structlog

from recado.app import bound, create_app, serve
from recado.clock import Clock, SystemClock
from recado.crew import Crew, crew
from recado.data_dir import claimed, worker_id
from recado.databases import ENGINE_SCHEMA, embedded_server, opened, prepare
from recado.domain.engine import Engine, Gap, Incoming, Notice, Receipt, Signal
from recado.domain.errors import Misconfigured
from recado.domain.pauses import Pause
from recado.domain.sync import AppStateItems, Heard, HistoryBatch, HistoryNotice, Presence, Typing
from recado.domain.terms import Terms
from recado.engines.binary import find_binary
from recado.engines.host import Pace
from recado.engines.whatsmeow import Whatsmeow
from recado.engines.whatsmeow_program import WhatsmeowOptions, whatsmeow_program
from recado.services.access import Keys
from recado.services.all import Services
from recado.services.bell import Bell
from recado.services.besides import Besides
from recado.services.calls import Calls
from recado.services.commands import Commands
from recado.services.delivery.dispatch import Dispatch
from recado.services.delivery.instance_urls import InstanceUrls
from recado.services.delivery.streams import Streams
from recado.services.delivery.tail import Tail
from recado.services.delivery.webhooks import Webhooks
from recado.services.doorbell import Doorbell
from recado.services.life.instances import Instances
from recado.services.life.lifecycle import Lifecycle
from recado.services.life.vigil import Vigil
from recado.services.readiness import Readiness
from recado.services.reading.chats import Chats
from recado.services.reading.contacts import Contacts
from recado.services.reading.events import Events
from recado.services.reading.inbox import Inbox
from recado.services.reading.messages import Messages
from recado.services.reading.overviews import Overviews
from recado.services.reading.tallies import Tallies
from recado.services.reading.threads import Threads
from recado.services.receiving.history import Histories
from recado.services.receiving.incoming import Committer
from recado.services.receiving.portraits import Portraits
from recado.services.rights import Rights
from recado.services.sending.outgoing import Outgoing
from recado.services.sign_in import SignIns
from recado.services.upkeep.backups import BackupPlan, Backups
from recado.services.upkeep.hours import Hours
from recado.services.upkeep.upkeep import Upkeep
from recado.settings import Settings
from recado.sinks.guard import Guard
from recado.sinks.live import LiveSink
from recado.sinks.names import system_lookup
from recado.sinks.webhook import WebhookClient
from recado.store.database import Database

log = structlog.get_logger()

_AS_USUAL: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A running Recado. `address` is its URL, `admin_key` the key that was made at this start, if one was.

    `link` then is where a browser is signed in, once and within 15 minutes.
    """

    settings: Settings
    address: str
    port: int
    socket: Path
    admin_key: str | None = field(repr=False)
    link: str | None = field(repr=False)
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

    outgoing: Outgoing
    committer: Committer
    histories: Histories
    besides: Besides
    lifecycle: Lifecycle
    vigil: Vigil

    async def handle(self, inbound: Heard) -> None:
        self.vigil.heard(inbound)
        match inbound:
            case Incoming() | Receipt() | Gap() | Notice():
                if isinstance(inbound, Notice):
                    await self.outgoing.hear(inbound)
                await self.committer.handle(inbound)
                self.besides.heard(inbound)
            case HistoryNotice() | HistoryBatch():
                await self.histories.handle(inbound)
            case AppStateItems() | Typing() | Presence():
                await self.besides.handle(inbound)
            case _:
                assert_never(inbound)

    def signal(self, signal: Signal) -> None:
        self.lifecycle.signal(signal)
        self.besides.signal(signal)
        self.vigil.signal(signal)


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
        server = await embedded_server(stack, settings, postgres)
        url = server.url if server is not None else settings.database_url or ""
        await prepare(settings, url, has_host=engine is None)
        database = await stack.enter_async_context(opened(settings, url))
        engine = engine or _whatsmeow(settings, url, clock)
        guard = Guard(settings.allow_private_webhooks, system_lookup)
        client = await stack.enter_async_context(WebhookClient.open(guard, system_lookup, clock))
        members = await stack.enter_async_context(crew())
        if server is not None:
            members.add("postgres", server.run)
        if settings.backup_every is not None:
            members.add("backups", _backups(settings, settings.backup_every, url, clock).run)
        services, lifecycle = _assemble(settings, database, engine, clock, guard, client, members)
        admin_key = await services.keys.ensure_admin(settings.admin_key)
        link = f"{doors.address}/link?secret={(await services.sign_ins.link())[0]}" if admin_key is not None else None
        app = create_app(services, settings)
        app.state.address = doors.address
        members.add("api", partial(serve, app, doors, before_leaving=services.streams.close))
        yield Runtime(
            settings=settings,
            address=doors.address,
            port=doors.port,
            socket=doors.path,
            admin_key=admin_key,
            link=link,
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
    rights = Rights(database, clock, bell)
    tail = Tail(database, bell, clock)
    streams = Streams(database, tail, LiveSink)
    committer = Committer(database, clock, bell)
    worker = worker_id(settings.data_dir)
    doorbell = Doorbell(database, clock)
    commands = Commands(database, clock, doorbell, holder=worker)
    lifecycle = Lifecycle(
        database,
        engine,
        clock,
        bell,
        holder=worker,
        check_every=settings.health_interval,
        rights=rights,
        terms=Terms(lease=settings.lease),
        commands=commands,
    )
    doorbell.hear("wish", lifecycle.wake)
    members.add("doorbell", doorbell.run)
    outgoing = Outgoing(
        database,
        engine,
        lifecycle.roster,
        clock,
        bell,
        region=settings.region,
        pace=settings.sending_pace,
        tell=partial(_restrict, lifecycle),
    )
    doorbell.hear("send", outgoing.wake)
    members.add("rights", rights.run)
    keep, most_bytes = timedelta(days=settings.retention_days), settings.log_limit_mb * 1024 * 1024
    members.add("upkeep", Upkeep(database, clock, keep, most_bytes).run)
    members.add("hours", Hours(database, clock).run)
    members.add("tail", tail.run)
    dispatch = Dispatch(database, tail, client.sink, clock, changes, holder=worker, lease=settings.lease)
    members.add("dispatch", dispatch.run)
    members.add("instance urls", InstanceUrls(database, clock, changes).run)
    members.add("committer", committer.run)
    calls = Calls(database, lifecycle.roster, commands)
    histories = Histories(database, engine, lifecycle.roster, clock, bell, calls)
    besides = Besides.over(database, engine, lifecycle.roster, clock, bell, calls)
    vigil = Vigil.over(database, engine, lifecycle.roster, clock, lifecycle.order)
    ears = _Ears(
        outgoing=outgoing,
        committer=committer,
        histories=histories,
        besides=besides,
        lifecycle=lifecycle,
        vigil=vigil,
    )
    members.add("engine", partial(engine.run, ears))
    members.add("besides", besides.run)
    members.add("vigil", vigil.run)
    members.add("histories", histories.run)
    members.add("lifecycle", lifecycle.run)
    members.add("outgoing", outgoing.run)
    portraits = Portraits(besides.pictures, clock)
    members.add("portraits", portraits.run)
    keys = Keys(database, clock, on_revoked=streams.drop_key)
    services = Services(
        database=database,
        clock=clock,
        keys=keys,
        sign_ins=SignIns(database, clock, keys),
        instances=Instances(database, clock, bell, lifecycle, changes),
        tallies=Tallies(database),
        messages=(messages := Messages(database)),
        chats=Chats(database),
        contacts=Contacts(database),
        inbox=Inbox(database, messages),
        threads=Threads(database),
        outgoing=outgoing,
        histories=histories,
        groups=besides.groups,
        pictures=besides.pictures,
        portraits=portraits,
        conversations=besides.conversations,
        webhooks=Webhooks(database, clock, changes, guard, client.sink),
        streams=streams,
        readiness=Readiness(database, [engine]),
        events=Events(database),
        overviews=Overviews(database, clock),
    )
    return services, lifecycle


async def _restrict(lifecycle: Lifecycle, instance_id: UUID, pause: Pause | None) -> None:
    """Have the instance say that it may start no new chats, or that it may again. Raises Unavailable."""
    until = pause.until.isoformat() if pause is not None else None
    await lifecycle.order(instance_id, "restrict", reason=pause.reason if pause is not None else None, until=until)


def _backups(settings: Settings, every: timedelta, url: str, clock: Clock) -> Backups:
    if settings.backup_passphrase is None:
        raise Misconfigured(
            "setting_invalid",
            "RECADO_BACKUP_EVERY is set, and there is no passphrase for the backups.",
            hint="Set RECADO_BACKUP_PASSPHRASE, and keep it somewhere else as well.",
        )
    plan = BackupPlan(
        every=every,
        directory=settings.data_dir / settings.backup_dir,
        keep=settings.backup_keep,
        passphrase=settings.backup_passphrase,
        has_messages=settings.backup_messages,
    )
    return Backups(url, clock, plan, version=version("recado"))


def _whatsmeow(settings: Settings, url: str, clock: Clock) -> Whatsmeow:
    options = WhatsmeowOptions(
        schema=ENGINE_SCHEMA,
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
    terms = Terms(lease=settings.lease)
    pace = Pace(
        heartbeat=terms.heartbeat,
        lease=terms.session,
        patience=settings.engine_patience,
        memory_mb=settings.engine_memory_limit,
    )
    return Whatsmeow(program, clock, pace=pace)


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
