"""How the whatsmeow host is called: its flags, its environment, and the upgrade of its tables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from recado.domain.errors import Misconfigured
from recado.engines.child import Ears, spawn
from recado.engines.host import HostProgram, check_program
from recado.engines.host_log import HostLog

_URL_VARIABLE: Final = "RECADO_ENGINE_DATABASE_URL"
_PATIENCE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatsmeowOptions:
    """Flags of the host, section 8 of docs/engine-protocol.md; None and () leave the host's own defaults.

    `network` and `root_key` lead to another network than WhatsApp, such as the simulator.
    """

    schema: str = "whatsmeow"
    pool: int = 8
    network: str | None = None
    root_key: str | None = None
    allow_remote_network: bool = False
    wa_version: str | None = None
    log_level: str | None = None
    silence: timedelta | None = None
    keepalive_min: timedelta | None = None
    keepalive_max: timedelta | None = None
    keepalive_deadline: timedelta | None = None


def whatsmeow_program(
    binary: Path, database_url: str, exchange: Path, options: WhatsmeowOptions | None = None
) -> HostProgram:
    """The host as a program. The database URL travels in the environment, never in the command line."""
    return HostProgram(
        engine="whatsmeow",
        arguments=(str(binary), "serve", "--exchange", str(exchange), *_flags(options or WhatsmeowOptions())),
        environment=_environment(database_url),
        exchange=exchange,
    )


async def upgrade_tables(binary: Path, database_url: str, *, schema: str = "whatsmeow") -> None:
    """Create the host's schema and bring its tables up to date. Raises Misconfigured with the host's own sentence."""
    arguments = (str(binary), "upgrade", "--schema", schema)
    program = HostProgram(
        engine="whatsmeow", arguments=arguments, environment=_environment(database_url), exchange=Path()
    )
    check_program(program)
    host_log = HostLog("whatsmeow")
    async with spawn(program.arguments, program.environment) as child:
        child.listen(Ears(stdout=_drop, stderr=host_log.feed, pause=_nothing, resume=_nothing))
        code = await child.end(_PATIENCE)
    if code != 0:
        detail = host_log.last_error() or host_log.report() or f"it ended with {code}"
        raise Misconfigured("engine_upgrade", f"the engine's tables could not be brought up to date: {detail}")


def _flags(options: WhatsmeowOptions) -> list[str]:
    values = {
        "--schema": options.schema,
        "--pool": options.pool,
        "--network": options.network,
        "--root-key": options.root_key,
        "--wa-version": options.wa_version,
        "--log-level": options.log_level,
        "--silence": _duration(options.silence),
        "--keepalive-min": _duration(options.keepalive_min),
        "--keepalive-max": _duration(options.keepalive_max),
        "--keepalive-deadline": _duration(options.keepalive_deadline),
    }
    flags = [part for name, value in values.items() if value is not None for part in (name, str(value))]
    return [*flags, "--allow-remote-network"] if options.allow_remote_network else flags


def _duration(value: timedelta | None) -> str | None:
    return None if value is None else f"{value // timedelta(milliseconds=1)}ms"


def _environment(database_url: str) -> Mapping[str, str]:
    """Ours without our own settings, which hold secrets that are not the host's business."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RECADO_")}
    return inherited | {_URL_VARIABLE: database_url}


def _drop(_: bytes) -> None: ...


def _nothing() -> None: ...
