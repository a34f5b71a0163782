"""What stands open to the web that should not: tables without row-level security, policies that let anybody in."""

from __future__ import annotations

from typing import Final, LiteralString

from .database import Tx
from .rows import fetch_values
from .urls import Finding

_OPEN: Final[LiteralString] = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
  AND (n.nspname IN ('recado', 'whatsmeow') OR n.nspname = 'public' AND c.relname LIKE 'whatsapp\\_%%')
ORDER BY 1
"""
_FOR_ANYBODY: Final[LiteralString] = """
SELECT format('%%s of %%I (%%s)', policyname, tablename, cmd) FROM pg_policies
WHERE schemaname = 'public' AND tablename LIKE 'whatsapp\\_%%' AND permissive = 'PERMISSIVE'
  AND roles && '{anon,public}' AND coalesce(qual, with_check) = 'true'
ORDER BY 1
"""


async def find(tx: Tx) -> list[Finding]:
    """Each as a finding; none of them keeps Recado from working."""
    open_tables, policies = await fetch_values(tx, _OPEN), await fetch_values(tx, _FOR_ANYBODY)
    return [_open_table(table) for table in open_tables] + [_open_policy(policy) for policy in policies]


def _open_table(table: str) -> Finding:
    return Finding(
        code="table_open",
        sentence=f"Row-level security is off on {table}: on Supabase whoever has the public key may read it.",
        hint=f"Run: ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        is_fatal=False,
    )


def _open_policy(policy: str) -> Finding:
    return Finding(
        code="policy_open",
        sentence=f"The policy {policy} lets everybody in, signed in or not.",
        hint="Replace it: sql/policies-by-owner.sql is an example.",
        is_fatal=False,
    )
