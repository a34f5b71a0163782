"""Every setting, with a sentence each. Read from `RECADO_*` in the environment, then from a `.env` beside the data."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from recado.domain.errors import Misconfigured
from recado.domain.keys import ADMIN_KEY_LENGTH
from recado.domain.pacing import Pace, Span

PREFIX: Final = "RECADO_"
FILE: Final = ".env"
_LONGEST_SOCKET: Final = 100


def _words(value: Any) -> Any:
    """`a, b` as people write it in an environment."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _seconds(value: Any) -> Any:
    """A number of seconds, as it stands in an environment."""
    try:
        return timedelta(seconds=float(value)) if not isinstance(value, timedelta) else value
    except (TypeError, ValueError):
        raise ValueError("it has to be a number of seconds") from None


def _range(value: Any) -> Any:
    """`1-3` as it stands in an environment, or one number for both ends."""
    if not isinstance(value, str):
        return value
    least, _, most = value.partition("-")
    try:
        span = Span(least=timedelta(seconds=float(least)), most=timedelta(seconds=float(most or least)))
    except (ValueError, OverflowError):
        raise ValueError("it has to be two numbers of seconds, as 1-3") from None
    if not timedelta(0) <= span.least <= span.most <= timedelta(hours=1):
        raise ValueError("the first has to be the smaller one, and an hour is the most")
    return span


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


Words = Annotated[list[str], NoDecode, BeforeValidator(_words)]
Seconds = Annotated[timedelta, BeforeValidator(_seconds)]
Range = Annotated[Span, NoDecode, BeforeValidator(_range)]
Maybe = BeforeValidator(_empty_is_none)


class Settings(BaseSettings):
    """All of them; a field `x_y` is `RECADO_X_Y`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=FILE, extra="ignore", frozen=True)

    database_url: Annotated[str | None, Maybe] = Field(
        None,
        repr=False,
        description="PostgreSQL to use, `postgresql://…`; without it Recado runs one of its own in the data directory",
    )
    database_pool: int = Field(
        10, ge=2, le=200, description="Connections that Recado keeps to the database; two of them for leases and states"
    )
    database_prepare_threshold: Annotated[int | None, Maybe] = Field(
        5, ge=0, description="Uses after which a statement is prepared; empty for poolers that cannot"
    )
    data_dir: Path = Field(Path("data"), description="Directory for all that Recado keeps on this machine, mode 0700")
    host: str = Field("127.0.0.1", description="Address to listen on; `0.0.0.0` for all")
    port: int = Field(7770, ge=0, le=65535, description="Port to listen on; 0 lets the system choose")
    admin_key: Annotated[str | None, Maybe] = Field(
        None,
        repr=False,
        description=f"The first admin key, {ADMIN_KEY_LENGTH} characters or more; else one is made and shown once",
    )
    cors_origins: Words = Field([], description="Origins whose pages may call the API from a browser, comma-separated")
    region: str = Field("BR", pattern="^[A-Z]{2}$", description="Country of phone numbers without a country code")
    allow_private_webhooks: Words = Field(
        [], description="Private hosts or networks that webhooks may lead to, comma-separated (`10.0.0.0/8, n8n`)"
    )
    retention_days: int = Field(14, ge=1, le=3650, description="Days that the event log is kept at least")
    log_limit_mb: int = Field(
        4096, ge=1, description="MB of event log up to which older days are kept for a webhook that has not had them"
    )
    pace: bool = Field(
        True, description="Whether messages go out at a human pace; `off`: as fast as WhatsApp takes them"
    )
    pace_strangers: Range = Field(
        Span(least=timedelta(seconds=1), most=timedelta(seconds=3)),
        description="Seconds between two messages to people who have not written within a day, drawn anew each time",
    )
    pace_others: Range = Field(
        Span(least=timedelta(milliseconds=200), most=timedelta(milliseconds=600)),
        description="The same for messages to people who have, and to groups",
    )
    pace_burst: int = Field(5, ge=1, le=1000, description="How many of those may go at once after a quiet time")
    backup_every: Annotated[Seconds | None, Maybe] = Field(
        None, description="Seconds between two backups of all instances; empty: none are made by themselves"
    )
    backup_dir: Path = Field(
        Path("backups"), description="Directory of those backups; below the data directory when it is relative"
    )
    backup_keep: int = Field(7, ge=1, description="How many of those backups are kept")
    backup_messages: bool = Field(False, description="Whether those backups hold the messages as well")
    backup_passphrase: Annotated[str | None, Maybe] = Field(
        None, repr=False, description="What backups are encrypted with; 8 characters or more"
    )
    lease: Seconds = Field(
        timedelta(seconds=30),
        ge=timedelta(seconds=1),
        description="Seconds of silence after which another Recado on the same database may take over from this one",
    )
    health_interval: Seconds = Field(
        timedelta(seconds=30), gt=timedelta(0), description="Seconds between two checks of each instance on the wire"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is worth a log line")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`console` for people, `json` for machines; `auto` looks whether it is a terminal"
    )
    engine_binary: Annotated[Path | None, Maybe] = Field(None, description="The engine host; found by itself if empty")
    engine_network: Annotated[str | None, Maybe] = Field(
        None, description="Address of another network (`ws://127.0.0.1:…`) instead of WhatsApp's"
    )
    engine_root_key: Annotated[str | None, Maybe] = Field(
        None, description="The key that signs its certificates, in hex"
    )
    engine_allow_remote_network: bool = Field(False, description="Permit such a network on another machine")
    engine_pool: int = Field(8, ge=1, le=100, description="Connections that the engine host keeps to the database")
    engine_wa_version: str = Field("auto", description="WhatsApp version to claim, `auto` or `2.3000.…`")
    engine_patience: Seconds = Field(
        timedelta(seconds=15), gt=timedelta(0), description="Seconds without an answer after which the host is killed"
    )
    engine_memory_limit: Annotated[int | None, Maybe] = Field(
        2048, ge=32, description="MB of memory above which the engine host is started anew, at most once an hour"
    )
    engine_silence: Seconds = Field(
        timedelta(seconds=60), description="Seconds without a word from Recado after which the engine host ends"
    )
    engine_keepalive_min: Seconds = Field(timedelta(seconds=20), description="Least seconds between pings")
    engine_keepalive_max: Seconds = Field(timedelta(seconds=30), description="Most seconds between pings")
    engine_keepalive_deadline: Seconds = Field(timedelta(seconds=10), description="Seconds that a ping may take")

    @property
    def sending_pace(self) -> Pace | None:
        """None: nothing is paced."""
        if not self.pace:
            return None
        return Pace(strangers=self.pace_strangers, others=self.pace_others, burst=self.pace_burst)

    @field_validator("admin_key")
    @classmethod
    def _is_long_enough(cls, value: str | None) -> str | None:
        if value is not None and len(value) < ADMIN_KEY_LENGTH:
            raise ValueError(f"it has {len(value)} characters, and needs {ADMIN_KEY_LENGTH} or more")
        return value

    @field_validator("data_dir")
    @classmethod
    def _is_absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()


def read_settings(**given: Any) -> Settings:
    """What is `given`, else the environment, else the file, else the default. Raises Misconfigured."""
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        said = first["msg"].removeprefix("Value error, ")
        raise Misconfigured(
            "setting_invalid", f"{name} cannot be used: {said}.", hint="docs/settings.md lists all settings."
        ) from None


def local_socket(settings: Settings) -> Path:
    """Where the machine's owner reaches Recado without a key; elsewhere when the path is too long for a socket."""
    path = settings.data_dir / "recado.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET:
        return path
    mark = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") / f"recado-{os.geteuid()}-{mark}" / "recado.sock"
