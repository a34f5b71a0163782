"""What can be told from a database's address alone, and from the way in which connecting to it fails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import conninfo

_SUPABASE_COPY: Final = (
    "In Supabase's dashboard: Connect, then Session pooler (or Direct connection), and copy the string that begins with"
    " postgresql://."
)
_API_KEY: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+|sb_(secret|publishable)_\S+")
_SUPABASE_HOST: Final = re.compile(r"\.supabase\.(co|com|in|net)$")
# The driver gives no SQLSTATE for what happens while connecting.
_REFUSED: Final = re.compile(
    r"authentication failed|role .* does not exist|no pg_hba.conf entry|Tenant or user not found"
)
_MISSING: Final = re.compile(r"database .* does not exist")
_TRANSACTION_PORT: Final = "6543"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong: a stable code, a plain sentence, what to do. With a fatal one Recado must not start."""

    code: str
    sentence: str
    hint: str
    is_fatal: bool = True


def check_url(url: str, *, prepare_threshold: int | None = 5) -> list[Finding]:
    """What is wrong with the address as it is written. No sentence repeats it: it holds a password."""
    text = url.strip()
    if _API_KEY.fullmatch(text):
        return [
            Finding(
                code="api_key_given",
                sentence="RECADO_DATABASE_URL holds a Supabase API key, and not the address of a database.",
                hint=_SUPABASE_COPY,
            )
        ]
    if text.startswith(("http://", "https://")):
        is_supabase = _SUPABASE_HOST.search(text.split("/")[2].split(":")[0])
        return [
            Finding(
                code="web_address_given",
                sentence="RECADO_DATABASE_URL is the address of "
                + ("Supabase's API (SUPABASE_URL)" if is_supabase else "a web page")
                + ", and not of a database.",
                hint=_SUPABASE_COPY if is_supabase else "It has to begin with postgresql://.",
            )
        ]
    try:
        parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(text).items()}
    except psycopg.ProgrammingError:
        return [
            Finding(
                code="database_url_unreadable",
                sentence="RECADO_DATABASE_URL cannot be read as the address of a PostgreSQL database.",
                hint="Its form is postgresql://user:password@host:5432/database; %-encode special characters.",
            )
        ]
    return _check_password(parts.get("password", "")) + _check_port(parts, is_fatal=prepare_threshold is not None)


def described(error: psycopg.Error, url: str) -> Finding:
    """Why a connection to `url` could not be made, in words."""
    parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items()}
    place = f"{parts.get('host', 'localhost')}:{parts.get('port', '5432')}"
    reason = (str(error).strip().splitlines() or ["it does not answer"])[-1].strip()
    if _REFUSED.search(reason):
        sentence = "The database refuses the user or the password of RECADO_DATABASE_URL."
        return Finding(code="database_refuses", sentence=sentence, hint="Look at both; %-encode special characters.")
    if _MISSING.search(reason):
        sentence = f"There is no database {parts.get('dbname', '')!r} at {place}."
        return Finding(code="database_missing", sentence=sentence, hint="Create it, or correct the end of the address.")
    hint = "Look whether it runs, and whether its address and your network let Recado in."
    if re.match(r"db\..*\.supabase\.co$", parts.get("host", "")):
        hint = f"Supabase's direct address needs IPv6; the session pooler does not. {_SUPABASE_COPY}"
    return Finding(
        code="database_unreachable", sentence=f"The database at {place} cannot be reached: {reason}", hint=hint
    )


def _check_password(password: str) -> list[Finding]:
    if _API_KEY.fullmatch(password):
        sentence = "The password in RECADO_DATABASE_URL is a Supabase API key; the database has a password of its own."
        hint = "In Supabase's dashboard: Project Settings, Database, Reset database password."
        return [Finding(code="api_key_as_password", sentence=sentence, hint=hint)]
    if password == "[YOUR-PASSWORD]":
        sentence = "RECADO_DATABASE_URL still has [YOUR-PASSWORD] where the database's password belongs."
        return [Finding(code="password_placeholder", sentence=sentence, hint="Put the password there, %-encoded.")]
    return []


def _check_port(parts: dict[str, str], *, is_fatal: bool) -> list[Finding]:
    if parts.get("port") != _TRANSACTION_PORT or not _SUPABASE_HOST.search(parts.get("host", "")):
        return []
    return [
        Finding(
            code="transaction_pooler",
            sentence="RECADO_DATABASE_URL leads to Supabase's transaction pooler (port 6543), which breaks prepared"
            " statements.",
            hint=f"{_SUPABASE_COPY} Its port is 5432.",
            is_fatal=is_fatal,
        )
    ]
