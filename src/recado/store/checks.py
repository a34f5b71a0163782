"""What is wrong with a database before any work is done on it: findings, each one sentence and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from recado.domain.errors import Misconfigured

from . import migrate
from .database import Connection, Tx
from .rows import fetch_one, fetch_values
from .urls import Finding, check_url, described

_OLDEST_VERSION = 150000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    role: str
    version: int
    encoding: str
    synchronous_commit: str
    is_read_only: bool
    may_create: bool


_SERVER = """
SELECT current_user::text AS role, current_setting('server_version_num')::integer AS version,
  current_setting('server_encoding') AS encoding, current_setting('synchronous_commit') AS synchronous_commit,
  pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS is_read_only,
  has_database_privilege(current_database(), 'CREATE') AND has_schema_privilege('public', 'CREATE') AS may_create
"""

_OURS: LiteralString = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND (c.relnamespace IN (to_regnamespace('recado'), to_regnamespace('whatsmeow'))
  OR c.relnamespace = to_regnamespace('public') AND c.relname LIKE 'whatsapp\\_%%') AND
"""
_HERE: LiteralString = "SELECT 'public.' || relname FROM pg_class WHERE relnamespace = to_regnamespace('public')"
_BOUND_BY_RLS = _OURS + "row_security_active(c.oid) ORDER BY 1"
_FOREIGN = _OURS + "NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1"


async def examine(url: str, *, prepare_threshold: int | None = 5) -> list[Finding]:
    """Everything that can be found out about the database at `url`; empty when all is well."""
    findings = check_url(url, prepare_threshold=prepare_threshold)
    if any(finding.is_fatal for finding in findings):
        return findings
    try:
        async with await _connect(url) as tx, await _connect(url) as other:
            findings += await check_database(tx)
            if await _backend(tx) == await _backend(other) and not findings:
                findings.append(_transaction_pooler(is_fatal=prepare_threshold is not None))
    except psycopg.Error as error:
        findings.append(described(error, url))
    return findings


def refuse(findings: Iterable[Finding]) -> None:
    """Raise Misconfigured for the first finding with which Recado must not start."""
    for finding in findings:
        if finding.is_fatal:
            raise Misconfigured(finding.code, finding.sentence, hint=finding.hint)


async def check_database(tx: Tx) -> list[Finding]:
    """What this connection's role and server are not fit for. Works before the migrations and after them."""
    server = await fetch_one(tx, _Server, _SERVER)
    assert server is not None
    findings = _check_server(server)
    findings += await check_rights(tx)
    if not findings:
        pending = await migrate.pending(tx)
        here = set(await fetch_values(tx, _HERE))
        findings += _check_tables([table for table in migrate.new_tables(pending) if table in here])
        findings = findings or _check_migrations(server, pending)
    return findings


async def check_rights(tx: Tx) -> list[Finding]:
    """What keeps this connection's role from its own tables."""
    [role] = await fetch_values(tx, "SELECT current_user::text")
    return _check_role(role, await fetch_values(tx, _BOUND_BY_RLS), await fetch_values(tx, _FOREIGN))


def _check_server(server: _Server) -> list[Finding]:
    findings = []
    if server.version < _OLDEST_VERSION:
        findings.append(
            Finding(
                code="database_too_old",
                sentence=f"The database is PostgreSQL {server.version // 10000}; Recado needs 15 or newer.",
                hint="Upgrade it, or leave RECADO_DATABASE_URL empty: Recado brings a PostgreSQL of its own.",
            )
        )
    if server.encoding != "UTF8":
        findings.append(
            Finding(
                code="database_not_utf8",
                sentence=f"The database's encoding is {server.encoding}, which cannot hold every message.",
                hint="Use a database made with: CREATE DATABASE recado ENCODING 'UTF8' TEMPLATE template0",
            )
        )
    if server.synchronous_commit == "off":
        findings.append(
            Finding(
                code="synchronous_commit_off",
                sentence="The database confirms what it has not written yet (synchronous_commit is off): a crash there"
                " would lose messages that WhatsApp was told are safe.",
                hint=f'Run: ALTER ROLE "{server.role}" SET synchronous_commit = on',
            )
        )
    if server.is_read_only:
        findings.append(
            Finding(
                code="database_read_only",
                sentence="The database takes no writes: it is a standby, or set to read-only.",
                hint="Give the address of the primary.",
            )
        )
    return findings


def _check_role(role: str, bound: list[str], foreign: list[str]) -> list[Finding]:
    if bound:
        return [
            Finding(
                code="role_bound_by_rls",
                sentence=f"The role {role} is bound by row-level security on {_some(bound)}:"
                " it would see no rows and hear no error.",
                hint="Connect as the owner of the tables (on Supabase: postgres), never as anon or authenticated.",
            )
        ]
    if foreign:
        return [
            Finding(
                code="rights_missing",
                sentence=f"The role {role} is not the owner of {_some(foreign)}, and cannot look after it.",
                hint=f'Connect as the owner, or run as the owner: GRANT <owner> TO "{role}"',
            )
        ]
    return []


def _check_tables(in_the_way: list[str]) -> list[Finding]:
    if not in_the_way:
        return []
    table = in_the_way[0]
    return [
        Finding(
            code="table_in_the_way",
            sentence=f"There is a table of somebody else's where Recado makes one of its own: {_some(in_the_way)}.",
            hint=f"Rename it, then start again: ALTER TABLE {table} RENAME TO old_{table.removeprefix('public.')}",
        )
    ]


def _check_migrations(server: _Server, pending: list[str]) -> list[Finding]:
    if not pending:
        return []
    if not server.may_create:
        return [
            Finding(
                code="rights_missing",
                sentence=f"The role {server.role} may not create schemas and tables in this database.",
                hint="Connect as the database's owner, or have the owner run what `recado db sql` prints.",
            )
        ]
    return [
        Finding(
            code="migrations_pending",
            sentence=f"The database is not up to date: it lacks {', '.join(pending)}.",
            hint="Run: recado db upgrade",
            is_fatal=False,
        )
    ]


def _transaction_pooler(*, is_fatal: bool) -> Finding:
    return Finding(
        code="transaction_pooler",
        sentence="Between Recado and the database is a pooler in transaction mode, which breaks prepared statements.",
        hint="Give the direct address of the database, or that of a pooler in session mode.",
        is_fatal=is_fatal,
    )


async def _connect(url: str) -> Tx:
    return await Connection.connect(url, autocommit=True, prepare_threshold=None, connect_timeout=10)


async def _backend(tx: Tx) -> int:
    """The process that serves this connection; two connections share one only behind a pooler."""
    return int((await fetch_values(tx, "SELECT pg_backend_pid()"))[0])


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return names[0] + more
