"""How long somebody is signed in to the pages, and with what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recado.domain.access import EVERYTHING
from recado.domain.errors import Conflict, Unauthorized
from recado.services.access import Keys
from recado.services.sign_in import SignIns
from recado.store.database import Database
from tests.stillclock import StillClock

DAY = timedelta(days=1)


@pytest.fixture
def keys(db: Database, clock: StillClock) -> Keys:
    return Keys(db, clock)


@pytest.fixture
def sign_ins(db: Database, clock: StillClock, keys: Keys) -> SignIns:
    return SignIns(db, clock, keys)


async def test_a_link_ends_after_fifteen_minutes(sign_ins: SignIns, keys: Keys, clock: StillClock):
    await keys.ensure_admin(None)
    secret, _ = await sign_ins.link()
    clock.advance(timedelta(minutes=15))
    with pytest.raises(Unauthorized, match="15 minutes"):
        await sign_ins.with_link(secret)


async def test_without_an_admin_key_there_is_nobody_to_sign_in_as(sign_ins: SignIns):
    with pytest.raises(Conflict):
        await sign_ins.link()


async def test_a_week_without_a_page_signs_out(sign_ins: SignIns, keys: Keys, clock: StillClock):
    _, secret = await keys.create("desk", ["messages:read"], by=EVERYTHING)
    token = await sign_ins.with_key(secret)
    clock.advance(6 * DAY)
    assert (await sign_ins.authenticate(token)).scopes == {"messages:read"}
    clock.advance(6 * DAY)
    await sign_ins.authenticate(token)
    clock.advance(7 * DAY)
    with pytest.raises(Unauthorized):
        await sign_ins.authenticate(token)


async def test_thirty_days_end_it_in_any_case(sign_ins: SignIns, keys: Keys, clock: StillClock):
    _, secret = await keys.create("desk", ["admin"], by=EVERYTHING)
    token = await sign_ins.with_key(secret)
    for _ in range(29):
        clock.advance(DAY)
        await sign_ins.authenticate(token)
    clock.advance(DAY)
    with pytest.raises(Unauthorized):
        await sign_ins.authenticate(token)


async def test_it_ends_with_its_key(sign_ins: SignIns, keys: Keys, clock: StillClock):
    _, secret = await keys.create("desk", ["admin"], expires_at=clock.now() + DAY, by=EVERYTHING)
    token = await sign_ins.with_key(secret)
    clock.advance(DAY)
    with pytest.raises(Unauthorized, match="expired"):
        await sign_ins.authenticate(token)


@pytest.mark.parametrize("token", ["", "x", "\x00", "rcd_" + "a" * 43])
async def test_an_unknown_token_is_nobody(sign_ins: SignIns, token: str):
    with pytest.raises(Unauthorized):
        await sign_ins.authenticate(token)
