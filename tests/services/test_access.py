"""Keys and tickets: what they open, until when, and what they do not show."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from recado.domain.access import EVERYTHING, Access
from recado.domain.errors import Conflict, Forbidden, Invalid, Misconfigured, NotFound, Unauthorized
from recado.services.access import Keys, find_instance, require
from recado.store.database import Database
from tests.services.delivery import ANA, BIA
from tests.stillclock import StillClock


@pytest.fixture
def keys(db: Database, clock: StillClock) -> Keys:
    return Keys(db, clock)


@pytest.fixture
async def instances(db: Database) -> None:
    async with db.transaction() as tx:
        for id, name in ((ANA, "ana"), (BIA, "bia")):
            await tx.execute("INSERT INTO public.whatsapp_instances (id, instance_name) VALUES (%s, %s)", (id, name))


async def test_a_key_opens_what_its_scopes_say(keys: Keys):
    key, secret = await keys.create("n8n", ["messages:send", "events"], by=EVERYTHING)
    access = await keys.authenticate(secret)
    assert access == Access(key_id=key.id, scopes=frozenset({"messages:send", "events"}), instance_id=None)


async def test_a_secret_has_256_random_bits_behind_its_prefix(keys: Keys):
    _, one = await keys.create("a", ["events"], by=EVERYTHING)
    _, two = await keys.create("a", ["events"], by=EVERYTHING)
    assert (one.startswith("rcd_"), len(one) >= 4 + 43, one != two) == (True, True, True)


async def test_the_secret_stands_nowhere_in_the_database(db: Database, keys: Keys):
    _, secret = await keys.create("n8n", ["events"], by=EVERYTHING)
    async with db.transaction() as tx:
        rows = await (await tx.execute("SELECT k::text, encode(k.hash, 'escape') FROM recado.api_keys k")).fetchall()
    assert secret.removeprefix("rcd_") not in str(rows)


@pytest.mark.parametrize("secret", ["rcd_wrong", "", "\ud800", "a" * 100_000])
async def test_a_wrong_key_is_unauthorized(keys: Keys, secret: str):
    with pytest.raises(Unauthorized) as refusal:
        await keys.authenticate(secret)
    assert refusal.value.code == "unknown_key"


async def test_a_key_ends_when_it_expires_also_when_it_has_just_been_used(keys: Keys, clock: StillClock):
    _, secret = await keys.create("n8n", ["events"], expires_at=clock.now() + timedelta(seconds=1), by=EVERYTHING)
    await keys.authenticate(secret)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Unauthorized) as refusal:
        await keys.authenticate(secret)
    assert refusal.value.code == "expired_key"


async def test_a_revoked_key_is_refused_at_once_also_when_it_has_just_been_used(keys: Keys):
    key, secret = await keys.create("n8n", ["events"], by=EVERYTHING)
    await keys.authenticate(secret)
    await keys.revoke(key.id, EVERYTHING)
    with pytest.raises(Unauthorized) as refusal:
        await keys.authenticate(secret)
    assert refusal.value.code == "revoked_key"


async def test_a_key_revoked_in_another_process_is_refused_within_seconds(db: Database, keys: Keys, clock: StillClock):
    key, secret = await keys.create("n8n", ["events"], by=EVERYTHING)
    await keys.authenticate(secret)
    await Keys(db, clock).revoke(key.id, EVERYTHING)
    clock.advance(timedelta(seconds=3))
    with pytest.raises(Unauthorized):
        await keys.authenticate(secret)


async def test_whoever_follows_a_key_is_told_that_it_was_revoked(db: Database, clock: StillClock):
    told: list[UUID] = []
    keys = Keys(db, clock, on_revoked=told.append)
    key, _ = await keys.create("n8n", ["events"], by=EVERYTHING)
    await keys.revoke(key.id, EVERYTHING)
    assert told == [key.id]


async def test_a_revoked_key_is_no_longer_listed_and_cannot_be_revoked_again(keys: Keys):
    key, _ = await keys.create("n8n", ["events"], by=EVERYTHING)
    await keys.revoke(key.id, EVERYTHING)
    assert await keys.list(EVERYTHING) == []
    with pytest.raises(NotFound):
        await keys.revoke(key.id, EVERYTHING)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["admin", "x"]])
async def test_scopes_that_do_not_exist_are_refused(keys: Keys, scopes: list[str]):
    with pytest.raises(Invalid) as refusal:
        await keys.create("n8n", scopes, by=EVERYTHING)
    assert refusal.value.extra["field"] == "scopes"


async def test_a_key_that_would_have_ended_already_is_refused(keys: Keys, clock: StillClock):
    with pytest.raises(Invalid):
        await keys.create("n8n", ["events"], expires_at=clock.now(), by=EVERYTHING)


async def test_only_an_admin_makes_keys(keys: Keys):
    with pytest.raises(Forbidden):
        await keys.create("n8n", ["events"], by=Access(key_id=None, scopes=frozenset({"instances:write"})))


async def test_an_admin_of_one_instance_makes_and_sees_keys_of_that_instance_only(keys: Keys, instances: None):
    of_ana = Access(key_id=None, scopes=frozenset({"admin"}), instance_id=ANA)
    elsewhere, _ = await keys.create("all", ["events"], by=EVERYTHING)
    hers, _ = await keys.create("hers", ["admin"], by=of_ana)
    assert (hers.instance_id, [key.id for key in await keys.list(of_ana)]) == (ANA, [hers.id])
    with pytest.raises(NotFound):
        await keys.create("his", ["events"], instance_id=BIA, by=of_ana)
    with pytest.raises(NotFound):
        await keys.revoke(elsewhere.id, of_ana)


async def test_the_last_use_is_noted_at_most_once_a_minute(keys: Keys, clock: StillClock):
    _, secret = await keys.create("n8n", ["events"], by=EVERYTHING)
    first = clock.now()
    noted = []
    for wait in (0, 30, 40):
        clock.advance(timedelta(seconds=wait))
        await keys.authenticate(secret)
        noted.append((await keys.list(EVERYTHING))[0].last_used_at)
    assert noted == [first, first, first + timedelta(seconds=70)]


async def test_a_ticket_stands_for_its_key_once(keys: Keys):
    _, secret = await keys.create("n8n", ["events"], by=EVERYTHING)
    access = await keys.authenticate(secret)
    ticket, _ = await keys.ticket(access)
    assert await keys.redeem(ticket) == access
    with pytest.raises(Unauthorized):
        await keys.redeem(ticket)


async def test_a_ticket_used_twice_at_the_same_time_opens_once(keys: Keys):
    _, secret = await keys.create("n8n", ["events"], by=EVERYTHING)
    ticket, _ = await keys.ticket(await keys.authenticate(secret))
    results = await asyncio.gather(*(keys.redeem(ticket) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(result, Access) for result in results) == 1


async def test_a_ticket_ends_after_60_seconds(keys: Keys, clock: StillClock):
    _, secret = await keys.create("n8n", ["events"], by=EVERYTHING)
    ticket, expires_at = await keys.ticket(await keys.authenticate(secret))
    clock.advance(timedelta(seconds=60))
    assert expires_at == clock.now()
    with pytest.raises(Unauthorized):
        await keys.redeem(ticket)


async def test_a_ticket_of_a_revoked_key_opens_nothing(keys: Keys):
    key, secret = await keys.create("n8n", ["events"], by=EVERYTHING)
    ticket, _ = await keys.ticket(await keys.authenticate(secret))
    await keys.revoke(key.id, EVERYTHING)
    with pytest.raises(Unauthorized):
        await keys.redeem(ticket)


async def test_a_key_is_no_ticket_and_a_ticket_no_key(keys: Keys):
    _, secret = await keys.create("n8n", ["events"], by=EVERYTHING)
    ticket, _ = await keys.ticket(await keys.authenticate(secret))
    for call in (keys.redeem(secret), keys.authenticate(ticket)):
        with pytest.raises(Unauthorized):
            await call


async def test_without_a_key_there_is_no_ticket(keys: Keys):
    with pytest.raises(Conflict):
        await keys.ticket(EVERYTHING)


async def test_at_the_first_start_an_admin_key_is_made_and_shown_once(keys: Keys):
    secret = await keys.ensure_admin(None)
    assert (await keys.authenticate(secret)).may("admin")
    assert await keys.ensure_admin(None) is None


async def test_two_first_starts_at_once_make_one_admin_key(db: Database, clock: StillClock):
    made = await asyncio.gather(*(Keys(db, clock).ensure_admin(None) for _ in range(4)))
    assert sum(secret is not None for secret in made) == 1


async def test_the_admin_key_of_the_settings_is_an_admin_key_and_is_never_shown(keys: Keys):
    assert await keys.ensure_admin("x" * 32) is None
    assert (await keys.authenticate("x" * 32)).may("admin")


async def test_a_changed_admin_key_of_the_settings_replaces_the_old_one(db: Database, clock: StillClock):
    await Keys(db, clock).ensure_admin("x" * 32)
    keys = Keys(db, clock)
    await keys.ensure_admin("y" * 32)
    assert (await keys.authenticate("y" * 32)).may("admin")
    with pytest.raises(Unauthorized):
        await keys.authenticate("x" * 32)


async def test_an_admin_key_of_the_settings_that_comes_back_is_valid_again(db: Database, clock: StillClock):
    for secret in ("x" * 32, "y" * 32, "x" * 32):
        await Keys(db, clock).ensure_admin(secret)
    assert (await Keys(db, clock).authenticate("x" * 32)).may("admin")


async def test_an_admin_key_under_32_characters_is_a_clear_error(keys: Keys):
    with pytest.raises(Misconfigured, match="31 characters"):
        await keys.ensure_admin("x" * 31)


async def test_an_instance_that_a_key_may_not_know_of_is_not_there(db: Database, instances: None):
    bound = Access(key_id=None, scopes=frozenset({"admin"}), instance_id=ANA)
    async with db.transaction() as tx:
        assert (await find_instance(tx, bound, "ana")).id == ANA
        for name in ("bia", "nobody"):
            with pytest.raises(NotFound) as refusal:
                await find_instance(tx, bound, name)
            assert refusal.value.code == "unknown_instance"


def test_a_missing_scope_is_forbidden_and_named():
    with pytest.raises(Forbidden) as refusal:
        require(Access(key_id=None, scopes=frozenset({"events"})), "messages:send")
    assert refusal.value.extra["scope"] == "messages:send"


def test_admin_may_do_everything():
    require(EVERYTHING, "messages:send")
