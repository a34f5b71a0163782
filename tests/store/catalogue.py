"""What a database's catalogue says of its tables, in a form that two databases can be compared by."""

from __future__ import annotations

from recado.store.database import Tx

_COLUMNS = """
SELECT c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
  pg_get_expr(d.adbin, d.adrelid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = ANY (%s::regnamespace[]) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.oid::regclass::text, a.attnum
"""
_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = ANY (%s::regnamespace[]) AND contype <> 'n' AND conrelid <> 0 ORDER BY 1, 2
"""
_INDEXES = """
SELECT schemaname || '.' || indexname, indexdef FROM pg_indexes WHERE schemaname = ANY (%s) ORDER BY 1
"""
_FUNCTIONS = """
SELECT oid::regprocedure::text, pg_get_functiondef(oid), coalesce(proacl::text, 'default')
FROM pg_proc WHERE pronamespace = ANY (%s::regnamespace[]) ORDER BY 1
"""
_CLOSING = """
SELECT oid::regclass::text, relkind::text, relrowsecurity, coalesce(relacl::text, 'default'), obj_description(oid)
FROM pg_class WHERE relnamespace = ANY (%s::regnamespace[]) AND relkind IN ('r', 'p', 'S') ORDER BY 1
"""


async def catalogue(tx: Tx, *schemas: str) -> dict[str, list[tuple]]:
    """Columns, constraints, indexes, functions, and who may do what."""
    return {
        "columns": await _rows(tx, _COLUMNS, schemas),
        "constraints": await _rows(tx, _CONSTRAINTS, schemas),
        "indexes": await _rows(tx, _INDEXES, schemas),
        "functions": await _rows(tx, _FUNCTIONS, schemas),
        "closing": await _rows(tx, _CLOSING, schemas),
    }


async def _rows(tx: Tx, query: str, schemas: tuple[str, ...]) -> list[tuple]:
    return await (await tx.execute(query, (list(schemas),))).fetchall()
