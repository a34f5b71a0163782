"""What a backup holds: each table, and which of its rows belong to the instances that are copied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

_OF_INSTANCE: Final = "instance_id = ANY(%(ids)s)"
_WAITING: Final = "SELECT q.message_id FROM recado.send_queue q WHERE q.instance_id = ANY(%(ids)s)"
_OF_MESSAGE: Final = "SELECT m.id FROM public.whatsapp_messages m WHERE m.instance_id = ANY(%(ids)s)"
_DEVICES: Final = "SELECT s.jid FROM whatsmeow.engine_session s WHERE s.session = ANY(%(names)s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A table. `rows` says which of it; `sparse` which of it when messages are left out (None: all the same).

    `merges`: a row that is there already is left as it is. `order`: the order of its rows means something.
    """

    table: LiteralString
    rows: LiteralString
    sparse: LiteralString | None = None
    without: tuple[str, ...] = ()
    merges: bool = False
    order: LiteralString = ""


# In an order in which each row finds what it refers to.
PARTS: Final = (
    Part(table="public.whatsapp_instances", rows="id = ANY(%(ids)s)"),
    Part(
        table="public.whatsapp_sessions",
        rows="instance_name IN (SELECT i.instance_name FROM public.whatsapp_instances i WHERE i.id = ANY(%(ids)s))",
    ),
    Part(table="public.whatsapp_contacts", rows=_OF_INSTANCE),
    Part(table="public.whatsapp_chats", rows=_OF_INSTANCE),
    Part(table="public.whatsapp_group_members", rows=_OF_INSTANCE),
    Part(table="public.whatsapp_messages", rows=_OF_INSTANCE, sparse=f"id IN ({_WAITING})"),
    Part(
        table="public.whatsapp_message_status",
        rows=f"message_id IN ({_OF_MESSAGE})",
        sparse=f"message_id IN ({_WAITING})",
    ),
    Part(table="public.whatsapp_media", rows=f"message_id IN ({_OF_MESSAGE})", sparse=f"message_id IN ({_WAITING})"),
    Part(table="recado.message_raw", rows=f"message_id IN ({_OF_MESSAGE})", sparse=f"message_id IN ({_WAITING})"),
    Part(table="recado.gaps", rows=_OF_INSTANCE, sparse=f"{_OF_INSTANCE} AND filled_by IS NULL"),
    Part(table="recado.early_receipts", rows=_OF_INSTANCE),
    Part(table="recado.send_queue", rows=_OF_INSTANCE, without=("position",), order=" ORDER BY position"),
    Part(table="recado.send_pauses", rows=_OF_INSTANCE),
    Part(table="recado.phones", rows=_OF_INSTANCE),
    Part(table="recado.traffic", rows=_OF_INSTANCE),
    Part(table="recado.idempotency_keys", rows=_OF_INSTANCE, sparse=f"message_id IN ({_WAITING})"),
    Part(table="recado.webhooks", rows=f"({_OF_INSTANCE} OR instance_id IS NULL AND %(all)s)"),
    Part(table="recado.api_keys", rows=f"({_OF_INSTANCE} OR instance_id IS NULL AND %(all)s)", merges=True),
    Part(table="recado.timeline", rows=_OF_INSTANCE),
    Part(table="recado.app_state", rows=_OF_INSTANCE),
    Part(table="recado.app_state_items", rows=_OF_INSTANCE),
    Part(table="recado.history_pieces", rows=f"{_OF_INSTANCE} AND state IN ('waiting', 'stored')"),
    Part(table="recado.pictures", rows=_OF_INSTANCE),
    Part(table="recado.message_counts", rows=_OF_INSTANCE),
    Part(table="whatsmeow.whatsmeow_device", rows=f"jid IN ({_DEVICES})"),
    Part(table="whatsmeow.engine_session", rows="session = ANY(%(names)s)"),
    Part(table="whatsmeow.whatsmeow_identity_keys", rows=f"our_jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_pre_keys", rows=f"jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_sessions", rows=f"our_jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_sender_keys", rows=f"our_jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_app_state_sync_keys", rows=f"jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_app_state_version", rows=f"jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_app_state_mutation_macs", rows=f"jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_contacts", rows=f"our_jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_chat_settings", rows=f"our_jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_message_secrets", rows=f"our_jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_privacy_tokens", rows=f"our_jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_nct_salt", rows=f"our_jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_event_buffer", rows=f"our_jid IN ({_DEVICES})"),
    Part(table="whatsmeow.whatsmeow_retry_buffer", rows=f"our_jid IN ({_DEVICES})"),
    Part(
        table="whatsmeow.whatsmeow_lid_map",
        rows="""(%(all)s OR lid IN (SELECT split_part(c.lid, '@', 1) FROM public.whatsapp_contacts c
          WHERE c.instance_id = ANY(%(ids)s) AND c.lid IS NOT NULL))""",
        merges=True,
    ),
)
ENGINE_SCHEMA: Final = "whatsmeow"
LEFT_OUT: Final = frozenset(
    (
        "recado.migrations",
        "recado.settings",
        "recado.tickets",
        "recado.web_links",
        "recado.web_sessions",
        "recado.event_log",
        "recado.log_days",
        "recado.webhook_cursors",
        "recado.parked_deliveries",
        "recado.delivery_attempts",
        "recado.leases",
        "recado.pairings",
        "recado.history_requests",
        "recado.commands",
        "recado.group_lists",
        "whatsmeow.whatsmeow_version",
    )
)
"""Tables of what belongs to a running Recado and its log, not to an instance. A test knows every table by one list."""
