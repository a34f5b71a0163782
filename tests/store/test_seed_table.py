"""The seed's lines about its table and its database client, each named as docs/seed.md numbers it."""

from __future__ import annotations

import psycopg
import pytest

from recado.store.database import Database

INSERT = "INSERT INTO public.whatsapp_instances (instance_name, status) VALUES (%s, %s)"


async def test_s1_1_writes_with_a_role_that_rls_does_not_block(db: Database):
    async with db.transaction() as tx:
        await tx.execute(INSERT, ("loja", "connected"))
        changed = await tx.execute("UPDATE public.whatsapp_instances SET status = 'disconnected'")
        bound = await tx.execute("SELECT relrowsecurity FROM pg_class WHERE relname = 'whatsapp_instances'")
        assert (changed.rowcount, await bound.fetchone()) == (1, (True,))


@pytest.mark.parametrize("status", ["open", "CONNECTED", "", "qr"])
async def test_s3_2_no_other_status_is_accepted(db: Database, status: str):
    with pytest.raises(psycopg.errors.CheckViolation):
        async with db.transaction() as tx:
            await tx.execute(INSERT, ("loja", status))
