"""Who may do what: keys, tickets, and the one place that keeps a key to what it may see."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from recado.clock import Clock
from recado.domain.access import SCOPES, Access
from recado.domain.errors import Conflict, Forbidden, Misconfigured, NotFound, Unauthorized
from recado.domain.instances import Instance
from recado.domain.keys import (
    ADMIN_KEY_LENGTH,
    KEY_BYTES,
    Key,
    ListedKey,
    checked_end,
    checked_name,
    checked_scopes,
    hash_of,
    secret_from,
)
from recado.store import instances, keys
from recado.store.database import Database, Tx

TICKET_FOR: Final = timedelta(seconds=60)
_TRUSTS_FOR: Final = timedelta(seconds=3)
_REMEMBERS: Final = 1000
_ADMIN_NAME: Final = "admin"
ENVIRONMENT_NAME: Final = "RECADO_ADMIN_KEY"
_ADMIN: Final = frozenset({"admin"})


def require(access: Access, scope: str) -> None:
    """Raises Forbidden when the key lacks the scope."""
    if not access.may(scope):
        raise Forbidden(
            "missing_scope",
            f"This key lacks the scope {scope} ({SCOPES[scope]}).",
            hint=f"Make one that has it: recado key create --scope {scope}",
            scope=scope,
        )


async def find_instance(tx: Tx, access: Access, name: str) -> Instance:
    """The instance of that name. Raises NotFound when there is none, or none that this key may know of."""
    return _seen(await instances.find(tx, name), access, f"named {name!r}")


async def get_instance(tx: Tx, access: Access, id: UUID) -> Instance:
    """The same by its id, which outlives a change of its name."""
    return _seen(await instances.get(tx, id), access, f"of the id {id}")


def _seen(found: Instance | None, access: Access, which: str) -> Instance:
    if found is None or not access.sees(found.id):
        raise NotFound(
            "unknown_instance",
            f"There is no instance {which}.",
            hint="GET /v1/instances lists those that this key may see.",
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    key: Key
    until: datetime


class Keys:
    """API keys. `on_revoked` is told of each key that stops being valid here, so that its streams end."""

    def __init__(
        self, database: Database, clock: Clock, *, on_revoked: Callable[[UUID], None] = lambda key_id: None
    ) -> None:
        self._database = database
        self._clock = clock
        self._on_revoked = on_revoked
        self._known: dict[bytes, _Known] = {}
        self._revoked: set[UUID] = set()

    async def create(
        self,
        name: str,
        scopes: Collection[str],
        *,
        instance_id: UUID | None = None,
        expires_at: datetime | None = None,
        by: Access,
    ) -> tuple[Key, str]:
        """A key and its secret, which is shown this once. Raises Invalid, Forbidden, NotFound."""
        require(by, "admin")
        instance_id = instance_id if instance_id is not None else by.instance_id
        now, secret = self._clock.now(), secret_from(os.urandom(KEY_BYTES))
        key = Key(
            id=self._clock.new_id(),
            name=checked_name(name),
            scopes=checked_scopes(scopes),
            instance_id=instance_id,
            created_at=now,
            expires_at=checked_end(expires_at, now),
            revoked_at=None,
            last_used_at=None,
        )
        async with self._database.transaction() as tx:
            if instance_id is not None:
                await get_instance(tx, by, instance_id)
            await _insert(tx, key, secret)
        return key, secret

    async def list(
        self, access: Access, *, after: UUID | None = None, limit: int | None = None
    ) -> builtins.list[ListedKey]:
        """Those that are not revoked, as far as this key may see them; the oldest first."""
        async with self._database.glance() as tx:
            return await keys.of(tx, access.instance_id, after=after, limit=limit)

    async def get(self, key_id: UUID, access: Access) -> Key:
        """One that is not revoked. Raises NotFound."""
        async with self._database.glance() as tx:
            return _there(await keys.find(tx, key_id), access)

    async def is_last_admin(self, key: Key) -> bool:
        """Whether nobody could do everything any more without it."""
        async with self._database.glance() as tx:
            return await keys.is_last_admin(tx, key.id, now=self._clock.now())

    async def revoke(self, key_id: UUID, access: Access) -> None:
        """At once in this process, within seconds in others. Raises NotFound."""
        async with self._database.transaction() as tx:
            _there(await keys.find(tx, key_id), access)
            await keys.revoke(tx, key_id, now=self._clock.now())
        self._revoked.add(key_id)
        self._on_revoked(key_id)

    async def authenticate(self, secret: str) -> Access:
        """What the key may do. Raises Unauthorized when it is unknown, expired or revoked."""
        now, hash = self._clock.now(), hash_of(secret)
        known = self._known.get(hash)
        if known is None or known.until <= now:
            known = _Known(key=await self._look_up(hash, now), until=now + _TRUSTS_FOR)
            self._remember(hash, known)
        return self.standing(known.key, now)

    def standing(self, key: Key, now: datetime) -> Access:
        """What a key that was looked up may do. Raises Unauthorized when it is expired or revoked."""
        return self._valid(key, now).access

    async def ticket(self, access: Access) -> tuple[str, datetime]:
        """A secret that stands for this key once, within 60 s, and when it ends."""
        if access.key_id is None:
            raise Conflict("ticket_needs_key", "A ticket stands for a key, and this call was made without one.")
        now, secret = self._clock.now(), secret_from(os.urandom(KEY_BYTES))
        expires_at = now + TICKET_FOR
        async with self._database.transaction() as tx:
            await keys.add_ticket(tx, hash_of(secret), access.key_id, expires_at=expires_at, now=now)
        return secret, expires_at

    async def redeem(self, ticket: str) -> Access:
        """Use the ticket up. Raises Unauthorized when it was used, ran out, or its key is no longer valid."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            key_id = await keys.take_ticket(tx, hash_of(ticket), now=now)
            key = await keys.find(tx, key_id) if key_id is not None else None
        if key is None:
            raise Unauthorized(
                "invalid_ticket",
                "The ticket is unknown, was used, or ran out.",
                hint="POST /v1/events/ticket gives a new one; it is good for one connection within 60 s.",
            )
        return self.standing(key, now)

    async def ensure_admin(self, secret: str | None) -> str | None:
        """Let `secret` (`RECADO_ADMIN_KEY`) be an admin key; without it, make one when there is none and return it.

        Raises Misconfigured when the secret is shorter than 32 characters.
        """
        if secret is not None and len(secret) < ADMIN_KEY_LENGTH:
            raise Misconfigured(
                "admin_key_too_short",
                f"RECADO_ADMIN_KEY has {len(secret)} characters; {ADMIN_KEY_LENGTH} are the least.",
                hint="openssl rand -base64 32 makes a good one.",
            )
        async with self._database.transaction() as tx:
            await keys.lock(tx)
            if secret is not None:
                await self._adopt(tx, secret)
                return None
            await keys.revoke_named(tx, ENVIRONMENT_NAME, but=b"", now=self._clock.now())
            if await keys.has_admin(tx, now=self._clock.now()):
                return None
            made = secret_from(os.urandom(KEY_BYTES))
            await _insert(tx, self._admin(_ADMIN_NAME), made)
            return made

    async def _adopt(self, tx: Tx, secret: str) -> None:
        await keys.revoke_named(tx, ENVIRONMENT_NAME, but=hash_of(secret), now=self._clock.now())
        if not await keys.restore(tx, hash_of(secret), name=ENVIRONMENT_NAME, scopes=_ADMIN):
            await _insert(tx, self._admin(ENVIRONMENT_NAME), secret)

    def _admin(self, name: str) -> Key:
        return Key(
            id=self._clock.new_id(),
            name=name,
            scopes=_ADMIN,
            instance_id=None,
            created_at=self._clock.now(),
            expires_at=None,
            revoked_at=None,
            last_used_at=None,
        )

    async def _look_up(self, hash: bytes, now: datetime) -> Key:
        async with self._database.transaction() as tx:
            key = await keys.find_by_hash(tx, hash)
            if key is not None:
                await keys.note_use(tx, key.id, now=now)
        if key is None:
            raise Unauthorized("unknown_key", "This key is not known.", hint="Check that it was copied whole.")
        return key

    def _valid(self, key: Key, now: datetime) -> Key:
        if key.revoked_at is not None or key.id in self._revoked:
            raise Unauthorized("revoked_key", "This key was revoked.", hint="Ask for a new one.")
        if key.is_expired(now):
            raise Unauthorized("expired_key", "This key has expired.", hint="Ask for a new one.")
        return key

    def _remember(self, hash: bytes, known: _Known) -> None:
        if len(self._known) >= _REMEMBERS:
            self._known.clear()
        self._known[hash] = known


async def _insert(tx: Tx, key: Key, secret: str) -> None:
    await keys.insert(
        tx,
        id=key.id,
        name=key.name,
        hash=hash_of(secret),
        scopes=key.scopes,
        instance_id=key.instance_id,
        expires_at=key.expires_at,
        now=key.created_at,
    )


def _there(key: Key | None, access: Access) -> Key:
    is_seen = key is not None and access.instance_id in (None, key.instance_id)
    if key is None or key.revoked_at is not None or not is_seen:
        raise NotFound("unknown_key_id", "There is no such key.", hint="GET /v1/keys lists them.")
    return key
