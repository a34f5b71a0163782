-- How the event log is written, and how the tables that are kept by day get their days.

-- Attached rather than created in place: that waits for no reader of the parent, and no reader waits for it.
CREATE FUNCTION recado.make_day(parent text, new_day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  child text := parent || to_char(new_day, '_YYYYMMDD');
BEGIN
  IF to_regclass(format('recado.%I', child)) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(5927103);
  -- Asked of the catalogue itself: to_regclass may still remember that there was none before the lock.
  IF EXISTS (SELECT FROM pg_class WHERE relnamespace = 'recado'::regnamespace AND relname = child) THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE recado.%I (LIKE recado.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)',
    child, parent);
  EXECUTE format('ALTER TABLE recado.%I ENABLE ROW LEVEL SECURITY', child);
  EXECUTE format('ALTER TABLE recado.%I ATTACH PARTITION recado.%I FOR VALUES FROM (%L) TO (%L)',
    parent, child, new_day, new_day + 1);
END $$;

CREATE FUNCTION recado.drop_day(parent text, old_day date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS recado.%I', parent || to_char(old_day, '_YYYYMMDD'));
END $$;

-- Write events, a JSON array in the order wanted; answers the position of the first, the others follow without a gap.
-- The lock is held to the end of the transaction, so positions appear in the order of their commits. The day never
-- goes back, whatever the server's clock does: days and positions grow together, which is what readers rely on.
CREATE FUNCTION recado.append_events(new_events jsonb, today date) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  latest_day date;
  this_day date;
  first_one bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(5927102);
  SELECT max(day) INTO latest_day FROM recado.log_days;
  this_day := greatest(latest_day, coalesce(today, (clock_timestamp() AT TIME ZONE 'UTC')::date));
  first_one := nextval('recado.event_position');
  PERFORM setval('recado.event_position', first_one + jsonb_array_length(new_events) - 1);
  IF this_day IS DISTINCT FROM latest_day THEN
    PERFORM recado.make_day('event_log', this_day);
    INSERT INTO recado.log_days (day, first_position) VALUES (this_day, first_one);
  END IF;
  INSERT INTO recado.event_log (day, position, id, type, time, instance_id, instance_name, chat_id, data)
    SELECT this_day, first_one + e.n - 1, e.id, e.type, e.time, e.instance_id, e.instance_name, e.chat_id, e.data
    FROM ROWS FROM (jsonb_to_recordset(new_events) AS (id uuid, type text, time timestamptz, instance_id uuid,
      instance_name text, chat_id uuid, data jsonb))
      WITH ORDINALITY AS e (id, type, time, instance_id, instance_name, chat_id, data, n);
  RETURN first_one;
END $$;

SELECT recado.seal('recado');
