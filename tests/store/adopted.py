"""For each old table, questions, and what has to be answered once it is adopted."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

TABLE = "'whatsapp_instances'::regclass"
TRIGGERS = "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
NAMES = "SELECT instance_name FROM whatsapp_instances ORDER BY instance_name"
STATUSES = "SELECT instance_name || ' ' || coalesce(status, '-') FROM whatsapp_instances ORDER BY instance_name"

AFTERWARDS: dict[str, dict[str, list[object]]] = {
    "as_the_seed_wrote_it": {
        STATUSES: ["Loja São Paulo connected", "filial connecting"],
        "SELECT qr_code FROM whatsapp_instances WHERE qr_code <> ''": ["data:image/png;base64,x"],
    },
    "loose_text": {
        STATUSES: [
            *("a connected", "b disconnected", "c connecting", "d connecting", "e connected", "f -"),
            *("g connected", "h disconnected", "i connected"),
        ],
    },
    "status_as_enum": {
        STATUSES: ["a connected", "b disconnected", "c connecting"],
        "SELECT count(*) FROM how_many": [1],
        "SELECT count(*) FROM audit": [0],
        "SELECT reloptions FROM pg_class WHERE relname = 'open_ones'": [["security_invoker=true"]],
        "SELECT obj_description('open_ones'::regclass)": ["those that are open"],
        "SELECT has_table_privilege('pg_monitor', 'open_ones', 'SELECT WITH GRANT OPTION')": [True],
        "SELECT has_table_privilege('pg_monitor', 'open_ones', 'INSERT')": [False],
        "SELECT policyname, permissive, cmd, roles::text FROM pg_policies ORDER BY 1": [
            ("any_status", "PERMISSIVE", "UPDATE", "{public}"),
            ("of_open_ones", "RESTRICTIVE", "SELECT", "{pg_monitor}"),
        ],
        "SELECT obj_description(oid, 'pg_policy') FROM pg_policy WHERE polname = 'of_open_ones'": ["only open ones"],
        TRIGGERS: [
            ("on_status", "A"),
            ("switched_off", "D"),
        ],
    },
    "other_types": {
        NAMES: ["a", "b"],
        "SELECT id FROM whatsapp_instances ORDER BY 1": [
            uuid.UUID(int=0x4000_8000_000000000001),
            uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ],
        "SELECT phone_number FROM whatsapp_instances ORDER BY instance_name": ["5511999990001", None],
        "SELECT created_at FROM whatsapp_instances ORDER BY instance_name": [
            datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
            None,
        ],
        "SELECT DISTINCT updated_at FROM whatsapp_instances": [datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)],
        "SELECT indexdef LIKE '%varchar_pattern_ops%' FROM pg_indexes WHERE indexname = 'by_name'": [True],
        "INSERT INTO whatsapp_instances (instance_name) VALUES ('new') RETURNING status, webhook_url": [
            ("disconnected", "https://a.example/hook")
        ],
    },
    "duplicate_names": {
        "SELECT id::text, instance_name FROM whatsapp_instances ORDER BY id": [
            ("10000000-0000-4000-8000-000000000001", "loja-4"),
            ("20000000-0000-4000-8000-000000000002", "loja"),
            ("30000000-0000-4000-8000-000000000003", "loja-3"),
            ("40000000-0000-4000-8000-000000000004", "loja-2"),
            ("50000000-0000-4000-8000-000000000005", "instance-50000000"),
            ("60000000-0000-4000-8000-000000000006", "instance-60000000"),
            ("70000000-0000-4000-8000-000000000007", "Loja"),
        ],
    },
    "two_columns": {
        STATUSES: ["a connected", "b disconnected", "c -"],
        "SELECT count(DISTINCT id) FROM whatsapp_instances": [3],
        "SELECT DISTINCT created_at FROM whatsapp_instances": [None],
        f"SELECT conname FROM pg_constraint WHERE conrelid = {TABLE} AND contype = 'p'": ["whatsapp_instances_pkey"],
    },
    "another_key": {
        NAMES: ["newer", "older", "without"],
        "SELECT instance_name FROM whatsapp_instances WHERE id = '10000000-0000-4000-8000-000000000001'": ["older"],
        "SELECT count(DISTINCT id) FROM whatsapp_instances": [3],
        f"SELECT conname, contype FROM pg_constraint WHERE conrelid = {TABLE} AND contype IN ('p', 'u') ORDER BY 1": [
            ("whatsapp_instances_id_key", "u"),
            ("whatsapp_instances_pkey", "p"),
        ],
        "SELECT count(*) FROM pg_constraint WHERE conrelid = 'campaigns'::regclass AND contype = 'f'": [1],
    },
    "columns_in_the_way": {
        "SELECT old_state, old_platform, owner_id::text, tenant FROM whatsapp_instances": [
            ("open", 7, "10000000-0000-4000-8000-000000000001", "acme")
        ],
        "SELECT * FROM states": [("a", "open")],
        "SELECT old_reason FROM whatsapp_instances": [None],
    },
    "other_checks": {
        STATUSES: ["a connecting", "b connected", "c disconnected"],
        f"SELECT conname FROM pg_constraint WHERE conrelid = {TABLE} AND contype = 'c' ORDER BY 1": [
            *("late", "not_shouting", "short", "whatsapp_instances_status_check"),
        ],
        f"SELECT contype FROM pg_constraint WHERE conrelid = {TABLE} AND (contype = 'p' OR condeferrable)": ["p"],
        "INSERT INTO whatsapp_instances (instance_name) VALUES ('new') RETURNING status": ["disconnected"],
    },
    "what_others_put_on_it": {
        NAMES: ["a", "a-2"],
        "SELECT count(*) FROM audit": [0],
        "SELECT DISTINCT updated_at FROM whatsapp_instances": [datetime(2024, 1, 1, tzinfo=UTC)],
        "SELECT policyname, roles::text FROM pg_policies ORDER BY 1": [
            ("everybody", "{public}"),
            ("named", "{pg_monitor,pg_read_all_data}"),
        ],
        "SELECT relrowsecurity FROM pg_class WHERE relname = 'whatsapp_instances'": [True],
        "SELECT has_table_privilege('pg_monitor', 'whatsapp_instances', 'INSERT')": [True],
        "SELECT has_column_privilege('pg_read_all_data', 'whatsapp_instances', 'status', 'UPDATE')": [True],
        "SELECT has_table_privilege('pg_monitor', 'names', 'INSERT')": [False],
        "SELECT has_column_privilege('pg_monitor', 'names', 'instance_name', 'SELECT')": [True],
        "SELECT col_description('names'::regclass, 1)": ["its name"],
        "SELECT count(*) FROM pairs": [4],
        TRIGGERS: [
            ("noting", "O"),
            ("noting_too", "O"),
        ],
        "UPDATE whatsapp_instances SET status = NULL RETURNING updated_at": [datetime(2000, 1, 1, tzinfo=UTC)] * 2,
    },
    "with_sessions": {
        "SELECT instance_name, session_data FROM whatsapp_sessions ORDER BY 1": [
            ("a", "a"),
            ("a-2", {"clientId": "a"}),
            ("session", None),
        ],
        "SELECT count(*) FROM whatsapp_sessions WHERE device IS NOT NULL": [3],
    },
}
