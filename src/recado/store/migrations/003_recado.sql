-- Ours alone: the event log, webhooks and their cursors, the send queue, leases, timeline, keys, settings.
CREATE SCHEMA IF NOT EXISTS recado;

CREATE TABLE recado.settings (
  key text PRIMARY KEY,
  value jsonb NOT NULL
);

CREATE TABLE recado.api_keys (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  hash bytea NOT NULL UNIQUE,
  scopes text[] NOT NULL,
  instance_id uuid NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NULL,
  revoked_at timestamptz NULL,
  last_used_at timestamptz NULL
);

CREATE TABLE recado.tickets (
  hash bytea PRIMARY KEY,
  key_id uuid NOT NULL REFERENCES recado.api_keys (id) ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);

-- A live message's tiebreak. Drawn while its instance is locked, so it grows in the order of commit in each chat, as
-- positions do; positions themselves are drawn only after every other row is written.
CREATE SEQUENCE recado.message_order;

-- Positions are drawn under one advisory lock at the end of a transaction: commit order is position order.
CREATE SEQUENCE recado.event_position;
CREATE TABLE recado.event_log (
  day date NOT NULL,
  position bigint NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  time timestamptz NOT NULL,
  instance_id uuid NULL,
  instance_name text NULL,
  chat_id uuid NULL,
  data jsonb NOT NULL,
  PRIMARY KEY (day, position)
) PARTITION BY RANGE (day);
CREATE TABLE recado.log_days (
  day date PRIMARY KEY,
  first_position bigint NOT NULL
);

CREATE TABLE recado.webhooks (
  id uuid PRIMARY KEY,
  instance_id uuid NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  source text NOT NULL DEFAULT 'api' CHECK (source IN ('api', 'instance_url')),
  url text NOT NULL,
  secret text NOT NULL,
  previous_secret text NULL,
  previous_secret_until timestamptz NULL,
  events text[] NULL,
  headers jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled')),
  state_reason text NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX webhooks_instance_url_key ON recado.webhooks (instance_id) WHERE source = 'instance_url';

-- Everything up to position is settled or parked. failing_since and probe_at belong to a receiver that is down whole.
CREATE TABLE recado.webhook_cursors (
  webhook_id uuid PRIMARY KEY REFERENCES recado.webhooks (id) ON DELETE CASCADE,
  position bigint NOT NULL,
  fence bigint NOT NULL DEFAULT 0,
  failing_since timestamptz NULL,
  probe_at timestamptz NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- waiting: to be tried at next_at. held: behind a waiting one of its chat. dead: given up, can be replayed.
CREATE TABLE recado.parked_deliveries (
  webhook_id uuid NOT NULL REFERENCES recado.webhooks (id) ON DELETE CASCADE,
  position bigint NOT NULL,
  order_key uuid NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'held', 'dead')),
  attempts integer NOT NULL DEFAULT 0,
  first_attempt_at timestamptz NULL,
  next_at timestamptz NULL,
  blocks_until timestamptz NULL,
  PRIMARY KEY (webhook_id, position)
);
CREATE INDEX parked_deliveries_due ON recado.parked_deliveries (next_at) WHERE state <> 'dead';
CREATE INDEX parked_deliveries_order ON recado.parked_deliveries (webhook_id, order_key, position) WHERE state <> 'dead';

CREATE TABLE recado.delivery_attempts (
  day date NOT NULL,
  id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  attempt integer NOT NULL,
  at timestamptz NOT NULL,
  duration_ms integer NOT NULL,
  status integer NULL,
  error text NULL,
  answer text NULL,
  PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
CREATE INDEX delivery_attempts_webhook ON recado.delivery_attempts (webhook_id, id);

CREATE TABLE recado.send_queue (
  message_id uuid PRIMARY KEY REFERENCES public.whatsapp_messages (id) ON DELETE CASCADE,
  position bigint NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  chat_id uuid NOT NULL REFERENCES public.whatsapp_chats (id) ON DELETE CASCADE,
  recipient text NOT NULL,
  content jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  not_before timestamptz NULL,
  expires_at timestamptz NULL,
  last_error text NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX send_queue_order ON recado.send_queue (instance_id, position);
CREATE INDEX send_queue_chat ON recado.send_queue (chat_id);

CREATE TABLE recado.idempotency_keys (
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  key text NOT NULL,
  request_hash bytea NOT NULL,
  message_id uuid NOT NULL REFERENCES public.whatsapp_messages (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (instance_id, key)
);
CREATE INDEX idempotency_keys_message ON recado.idempotency_keys (message_id);

-- The bytes as they were decrypted and their protojson: they hold media keys, so they never stand in public.
CREATE TABLE recado.message_raw (
  message_id uuid PRIMARY KEY REFERENCES public.whatsapp_messages (id) ON DELETE CASCADE,
  bytes bytea NULL,
  content jsonb NULL,
  trouble text NULL
);

CREATE TABLE recado.gaps (
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  chat text NOT NULL,
  wa_id text NOT NULL,
  at timestamptz NOT NULL,
  cause text NOT NULL,
  filled_by uuid NULL REFERENCES public.whatsapp_messages (id) ON DELETE SET NULL,
  PRIMARY KEY (instance_id, chat, wa_id)
);

-- Receipts that came before the message they speak of.
CREATE TABLE recado.early_receipts (
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  wa_id text NOT NULL,
  status text NOT NULL,
  contact_id uuid NULL,
  at timestamptz NOT NULL,
  CONSTRAINT early_receipts_key UNIQUE NULLS NOT DISTINCT (instance_id, wa_id, status, contact_id)
);

-- The fence only grows; a row stays when its holder is gone.
CREATE TABLE recado.leases (
  kind text NOT NULL CHECK (kind IN ('instance', 'webhook')),
  subject uuid NOT NULL,
  holder uuid NULL,
  fence bigint NOT NULL DEFAULT 0,
  until timestamptz NOT NULL DEFAULT '-infinity',
  PRIMARY KEY (kind, subject)
);

CREATE TABLE recado.pairings (
  instance_id uuid PRIMARY KEY REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  method text NOT NULL CHECK (method IN ('qr', 'code', 'passkey')),
  code text NOT NULL,
  phone text NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE recado.timeline (
  id uuid PRIMARY KEY,
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  at timestamptz NOT NULL,
  code text NOT NULL,
  state text NULL,
  params jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX timeline_order ON recado.timeline (instance_id, id DESC);

-- Close a schema: row-level security on every table of it, nothing in it for anyone but its owner.
CREATE FUNCTION recado.seal(closed_schema text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  member regclass;
  other text;
BEGIN
  FOR member IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = closed_schema AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', member);
  END LOOP;
  FOR other IN SELECT 'PUBLIC' UNION ALL
    SELECT quote_ident(rolname) FROM pg_roles WHERE rolname IN ('anon', 'authenticated', 'service_role')
  LOOP
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %s', closed_schema, other);
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %s', closed_schema, other);
    EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %s', closed_schema, other);
    EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA %I FROM %s', closed_schema, other);
  END LOOP;
END $$;

SELECT recado.seal('recado');
