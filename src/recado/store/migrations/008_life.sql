-- What one process asks of the one that looks after an instance; when each phone was last seen; how much usually comes.

-- holder: who has begun it. answer: what came of it, an object; the one who asked reads it and removes the row.
CREATE TABLE recado.commands (
  id uuid PRIMARY KEY,
  instance_id uuid NOT NULL,
  name text NOT NULL,
  params jsonb NOT NULL,
  until timestamptz NOT NULL,
  holder uuid NULL,
  answer jsonb NULL
);

-- told: the last warning about its silence, NULL when it is not silent.
CREATE TABLE recado.phones (
  instance_id uuid PRIMARY KEY REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  seen_at timestamptz NOT NULL,
  told text NULL
);

-- How often the network said something of its own accord, by the hour.
CREATE TABLE recado.traffic (
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  hour timestamptz NOT NULL,
  heard integer NOT NULL,
  PRIMARY KEY (instance_id, hour)
);

SELECT recado.seal('recado');
