"""`recado db backup|restore`, `recado instance export|import`: one encrypted file, straight from and to a database."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from recado.clock import SystemClock
from recado.databases import database_url, upgrade
from recado.domain.errors import Invalid
from recado.settings import Settings, read_settings
from recado.store import backup as store
from recado.store import checks


def backup(file: Path, *, messages: bool = False, move: bool = False) -> None:
    """Copy all instances into one encrypted file: sessions, webhooks, keys, contacts, chats.

    The passphrase is asked for, or taken from RECADO_BACKUP_PASSPHRASE.

    Parameters
    ----------
    file
        Where to; one that is there is replaced.
    messages
        The messages as well (`--messages`).
    move
        They go away from here (`--move`): stopped, copied, and never started here again.
    """
    _take(file, None, has_messages=messages, is_move=move)


def export(name: str, file: Path, *, messages: bool = False, move: bool = False) -> None:
    """Copy one instance into an encrypted file; `recado instance import` puts it back.

    Parameters
    ----------
    name
        The instance.
    file
        Where to; one that is there is replaced.
    messages
        Its messages as well (`--messages`).
    move
        It goes away from here (`--move`): stopped, copied, and never started here again.
    """
    _take(file, [name], has_messages=messages, is_move=move)


def restore(file: Path, *, force: bool = False) -> None:
    """Put the instances of a backup into this database, and run those that were running.

    Parameters
    ----------
    file
        What `recado db backup` or `recado instance export` has made.
    force
        Also a copy that was not made by `--move` (`--force`): only when the original will never run again.
    """
    settings = read_settings()
    passphrase = _passphrase(settings, is_new=False)
    with _database(settings) as url:
        new_id = SystemClock().new_id
        restored = store.restore(url, file, passphrase, new_id=new_id, is_forced=force, on_table=_progress)
    _clear()
    for one in restored.manifest.instances:
        print(f"📱 {_named(one)}: {'it will run' if one['wanted'] == 'running' else 'stopped'}")
    if force and not restored.manifest.is_move:
        print("⚠️ This was a copy. Never start the original again: the two would lose each other's messages.")
    print(f"✅ {len(restored.manifest.instances)} restored, as of {restored.manifest.created_at[:19]} UTC.")


def _take(file: Path, names: list[str] | None, *, has_messages: bool, is_move: bool) -> None:
    settings = read_settings()
    passphrase = _passphrase(settings, is_new=True)
    clock = SystemClock()
    with _database(settings) as url, contextlib.ExitStack() as stack:
        were_running = stack.enter_context(store.at_rest(url, names)) if is_move else frozenset()
        taken = store.take(
            url,
            file,
            passphrase,
            now=clock.now(),
            new_id=clock.new_id,
            version=version("recado"),
            names=names,
            has_messages=has_messages,
            is_move=is_move,
            were_running=were_running,
            on_table=_progress,
        )
    _clear()
    for one in taken.manifest.instances:
        print(f"📱 {_named(one)}{': moved, it starts here no more' if is_move else ''}")
    count, rows = len(taken.manifest.instances), sum(taken.rows.values())
    print(f"✅ {file}: {count} {'instance' if count == 1 else 'instances'}, {rows:,} rows, {taken.size:,} bytes.")
    print("   It holds their keys. Without the passphrase nobody opens it, you neither.")


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """The database's address, its tables up to date; an embedded one is started for as long as it takes."""
    with asyncio.Runner() as runner:
        opened = database_url(settings)
        url = runner.run(opened.__aenter__())
        try:
            checks.refuse(runner.run(checks.examine(url, prepare_threshold=settings.database_prepare_threshold)))
            runner.run(upgrade(settings, url))
            yield url
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _passphrase(settings: Settings, *, is_new: bool) -> str:
    if settings.backup_passphrase is not None:
        return settings.backup_passphrase
    if not sys.stdin.isatty():
        raise Invalid(
            "no_passphrase",
            "There is no passphrase, and no terminal to ask for one.",
            hint="Set RECADO_BACKUP_PASSPHRASE.",
        )
    given = getpass.getpass("Passphrase: ")
    if is_new and getpass.getpass("Once more: ") != given:
        raise Invalid("other_passphrase", "The two passphrases differ.")
    return given


def _named(instance: dict[str, Any]) -> str:
    return " ".join(filter(None, (instance["name"], instance["phone_number"])))


def _progress(table: str, rows: int) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K▸ {table}: {rows:,}", end="", file=sys.stderr, flush=True)


def _clear() -> None:
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
