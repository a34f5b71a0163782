-- What a commit needs to know is asked for in the round trip that begins it, and what it tells is kept as it was said.

-- As text, so that an event read again is the same to the byte as the one that went out when it was committed.
ALTER TABLE recado.event_log ALTER COLUMN data TYPE json USING data::json;

DROP FUNCTION recado.append_events(jsonb, date);
-- Write events, a JSON array in the order wanted; answers the position of the first, the others follow without a gap.
-- The lock is held to the end of the transaction, so positions appear in the order of their commits. The day never
-- goes back, whatever the server's clock does: days and positions grow together, which is what readers rely on.
CREATE FUNCTION recado.append_events(new_events json, today date DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  latest_day date;
  this_day date;
  first_one bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(5927102);
  SELECT max(day) INTO latest_day FROM recado.log_days;
  this_day := greatest(latest_day, coalesce(today, (clock_timestamp() AT TIME ZONE 'UTC')::date));
  first_one := nextval('recado.event_position');
  PERFORM setval('recado.event_position', first_one + json_array_length(new_events) - 1);
  IF this_day IS DISTINCT FROM latest_day THEN
    PERFORM recado.make_day('event_log', this_day);
    INSERT INTO recado.log_days (day, first_position) VALUES (this_day, first_one);
  END IF;
  INSERT INTO recado.event_log (day, position, id, type, time, instance_id, instance_name, chat_id, data)
    SELECT this_day, first_one + e.n - 1, e.id, e.type, e.time, e.instance_id, e.instance_name, e.chat_id, e.data
    FROM ROWS FROM (json_to_recordset(new_events) AS (id uuid, type text, time timestamptz, instance_id uuid,
      instance_name text, chat_id uuid, data json))
      WITH ORDINALITY AS e (id, type, time, instance_id, instance_name, chat_id, data, n);
  RETURN first_one;
END $$;

-- Who is known by these numbers and LIDs ([{"i": instance, "p": number, "l": LID}]), each with their chat, and which
-- chats there are of these JIDs ([{"i": instance, "j": JID}]). A function, so that its plans are kept although it is
-- asked without a parameter. LIMIT 1 says what the unique indexes know: a plan of two probes a name from the first row.
CREATE FUNCTION recado.known_places(people json, jids json) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN json_build_object(
    'people', (
      WITH named AS MATERIALIZED (
        SELECT * FROM json_to_recordset(people) AS t (i uuid, p text, l text)
      ), found AS (
        SELECT c.id FROM named n CROSS JOIN LATERAL (
          SELECT id FROM public.whatsapp_contacts WHERE instance_id = n.i AND phone_number = n.p LIMIT 1) c
        UNION
        SELECT c.id FROM named n CROSS JOIN LATERAL (
          SELECT id FROM public.whatsapp_contacts WHERE instance_id = n.i AND lid = n.l LIMIT 1) c
      )
      SELECT json_agg(json_build_array(c.id, c.instance_id, c.phone_number, c.lid, c.name, c.push_name, c.business_name,
        h.id, h.name, h.last_message_at))
      FROM found f CROSS JOIN LATERAL (SELECT * FROM public.whatsapp_contacts WHERE id = f.id LIMIT 1) c
      LEFT JOIN LATERAL (
        SELECT id, name, last_message_at FROM public.whatsapp_chats
        WHERE contact_id = c.id AND merged_into IS NULL LIMIT 1
      ) h ON true
    ),
    'chats', (
      SELECT json_agg(json_build_array(h.id, h.instance_id, h.kind, h.jid, h.name, h.last_message_at))
      FROM json_to_recordset(jids) AS t (i uuid, j text) CROSS JOIN LATERAL (
        SELECT * FROM public.whatsapp_chats WHERE instance_id = t.i AND jid = t.j AND merged_into IS NULL LIMIT 1) h
    )
  );
END $$;

SELECT recado.seal('recado');
