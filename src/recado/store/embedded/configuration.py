"""What our PostgreSQL is told: sure about what is written, small in memory, open to nobody but us."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "huge_pages": "off",
    "io_method": "sync",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "48MB",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    "max_worker_processes": "2",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "autovacuum_naptime": "20s",
    "random_page_cost": "1.1",
    "jit": "off",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
}


def postgresql_conf(sockets: str, changes: Mapping[str, str]) -> str:
    """The whole of `postgresql.conf`; a `local.conf` beside it has the last word."""
    settings = {**_SETTINGS, "unix_socket_directories": sockets, **changes}
    lines = [f"{name} = {_quoted(value)}" for name, value in settings.items()]
    return "\n".join(["# Written at every start; put what you want otherwise into local.conf.", *lines, ""]) + (
        "include_if_exists = 'local.conf'\n"
    )


def pg_hba_conf() -> str:
    return "local all all peer map=recado\n"


def pg_ident_conf(users: Iterable[str]) -> str:
    """These users of the machine, and no others, may be anybody in the database."""
    return "".join(f'recado "{user}" all\n' for user in sorted(set(users)))


def write(data: Path, files: Mapping[str, str]) -> None:
    """Write them into the data directory, each whole or not at all."""
    for name, text in files.items():
        unfinished = data / f"{name}.new"
        unfinished.write_text(text, "utf-8")
        unfinished.chmod(0o644)
        unfinished.rename(data / name)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
