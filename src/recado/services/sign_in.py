"""Signing in to the pages: with a key, or with a link that works once within 15 minutes."""

from __future__ import annotations

import os
from datetime import datetime

from recado.clock import Clock
from recado.domain.access import Access
from recado.domain.errors import Conflict, Unauthorized
from recado.domain.keys import KEY_BYTES, hash_of, secret_from
from recado.domain.web import LINK_FOR, WebSession, begun, prolonged
from recado.store import keys, web_sessions
from recado.store.database import Database, Tx

from .access import Keys


class SignIns:
    """A session is as good as its key: whoever revokes the key signs everybody out who came in with it."""

    def __init__(self, database: Database, clock: Clock, keys: Keys) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys

    async def link(self) -> tuple[str, datetime]:
        """A secret that signs in once as the administrator, and when it ends. Raises Conflict without an admin key."""
        now, secret = self._clock.now(), secret_from(os.urandom(KEY_BYTES))
        async with self._database.transaction() as tx:
            key_id = await keys.oldest_admin(tx, now=now)
            if key_id is None:
                raise Conflict(
                    "no_admin_key",
                    "No key may do everything, so there is nobody to sign in as.",
                    hint="Make one: recado key create --scope admin",
                )
            await web_sessions.add_link(tx, hash_of(secret), key_id, expires_at=now + LINK_FOR, now=now)
        return secret, now + LINK_FOR

    async def with_link(self, secret: str) -> str:
        """Use the link up; the token for the cookie. Raises Unauthorized when it was used, ran out, or is unknown."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            key_id = await web_sessions.take_link(tx, hash_of(secret), now=now)
            key = await keys.find(tx, key_id) if key_id is not None else None
        if key is None:
            raise Unauthorized(
                "invalid_link",
                "This link was used already, or its 15 minutes are over.",
                hint="`recado open` prints a new one; a key works as well.",
            )
        return await self._begin(self._keys.standing(key, now))

    async def with_key(self, secret: str) -> str:
        """The token for the cookie. Raises Unauthorized when the key is unknown, expired or revoked."""
        return await self._begin(await self._keys.authenticate(secret))

    async def authenticate(self, token: str) -> Access:
        """What the one with this cookie may do. Raises Unauthorized when the session, or its key, has ended."""
        now, hash = self._clock.now(), hash_of(token)
        async with self._database.transaction() as tx:
            session = await web_sessions.find(tx, hash)
            if session is None or session.expires_at <= now:
                raise _ended()
            key = await keys.find(tx, session.key_id)
            if key is None:
                raise _ended()
            await _prolong(tx, hash, session, now)
        return self._keys.standing(key, now)

    async def sign_out(self, token: str) -> None:
        async with self._database.transaction() as tx:
            await web_sessions.remove(tx, hash_of(token))

    async def _begin(self, access: Access) -> str:
        if access.key_id is None:
            raise _ended()
        token = secret_from(os.urandom(KEY_BYTES))
        session = begun(access.key_id, self._clock.now())
        async with self._database.transaction() as tx:
            await web_sessions.add(tx, hash_of(token), session)
        return token


async def _prolong(tx: Tx, hash: bytes, session: WebSession, now: datetime) -> None:
    longer = prolonged(session, now)
    if longer is not session:
        await web_sessions.extend(tx, hash, longer.expires_at)


def _ended() -> Unauthorized:
    return Unauthorized(
        "signed_out", "You are signed out.", hint="Sign in with a key or with the link of `recado open`."
    )
