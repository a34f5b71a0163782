-- For the pages that show how Recado runs: what failed without reading what did not, and messages counted by the hour.

CREATE INDEX delivery_attempts_failed ON recado.delivery_attempts (webhook_id, id) WHERE error IS NOT NULL;

-- How many messages came in and went out in each hour that is over, phones' histories apart.
CREATE TABLE recado.message_counts (
  hour timestamptz NOT NULL,
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  incoming integer NOT NULL,
  outgoing integer NOT NULL,
  PRIMARY KEY (hour, instance_id)
);
CREATE INDEX message_counts_instance ON recado.message_counts (instance_id);

SELECT recado.seal('recado');
