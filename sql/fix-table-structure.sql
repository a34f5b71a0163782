-- Repairs the table whatsapp_instances of an older back end (and its whatsapp_sessions), so that Recado can live on it.
--
-- Run it by psql, paste it into Supabase's SQL editor, or let `recado db adopt` run it: the same text. It is one
-- transaction, loses no row, and changes nothing the second time. It ends with a table of what it found and did.
--
-- * Status: connected, open, online, ready, active, working, authorized, logged_in, true, 1, conectado → connected;
--   connecting, authenticated, pairing, qr…, scan…, starting, initializing, loading, opening, syncing, waiting, pending,
--   created, conectando → connecting; anything else → disconnected. Upper case and blanks do not count.
-- * Names: a row without one is called instance-<first eight of its id>. Of several with one name the oldest keeps it,
--   the others are -2, -3 …
-- * Types: text from varchar, char, citext, enum, boolean, uuid, whole and exact numbers; uuid and times from text that
--   reads as such; times without a zone are UTC, whole numbers Unix time (in ms from 100000000000 on).
-- * Columns that must have a value which Recado does not know need none any more. A column that is in the way of one of
--   Recado's own is called old_<name>.
-- * Policies, grants, triggers and views stay. No trigger of the table fires meanwhile.
BEGIN;
SET LOCAL lock_timeout = '30s';
SET LOCAL row_security = off;
SET LOCAL search_path = pg_catalog;
SET LOCAL TimeZone = 'UTC';
SET CONSTRAINTS ALL IMMEDIATE;
SELECT pg_advisory_xact_lock(5927101);

CREATE TEMPORARY TABLE recado_report (
  step integer GENERATED ALWAYS AS IDENTITY, kind text NOT NULL, code text NOT NULL, sentence text NOT NULL, rows bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE recado_put_back (
  step integer GENERATED ALWAYS AS IDENTITY, turn integer NOT NULL DEFAULT 1, statement text NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE recado_columns (home text, name text, type text, usual text) ON COMMIT DROP;
INSERT INTO recado_columns VALUES
  ('public.whatsapp_instances', 'id', 'uuid', CASE WHEN to_regprocedure('extensions.uuid_generate_v4()') IS NULL
    THEN 'gen_random_uuid()' ELSE 'extensions.uuid_generate_v4()' END),
  ('public.whatsapp_instances', 'instance_name', 'text', NULL),
  ('public.whatsapp_instances', 'status', 'text', '''disconnected''::text'),
  ('public.whatsapp_instances', 'qr_code', 'text', NULL),
  ('public.whatsapp_instances', 'phone_number', 'text', NULL),
  ('public.whatsapp_instances', 'webhook_url', 'text', NULL),
  ('public.whatsapp_instances', 'created_at', 'timestamptz', 'now()'),
  ('public.whatsapp_instances', 'updated_at', 'timestamptz', 'now()'),
  ('public.whatsapp_sessions', 'instance_name', 'text', NULL),
  ('public.whatsapp_sessions', 'phone_number', 'text', NULL),
  ('public.whatsapp_sessions', 'session_data', 'jsonb', NULL),
  ('public.whatsapp_sessions', 'last_activity', 'timestamptz', NULL);

CREATE FUNCTION pg_temp.say(kind text, code text, sentence text, touched bigint DEFAULT NULL) RETURNS void LANGUAGE sql
AS $$ INSERT INTO pg_temp.recado_report (kind, code, sentence, rows) VALUES (kind, code, sentence, touched) $$;

CREATE FUNCTION pg_temp.change(code text, sentence text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  touched bigint;
BEGIN
  EXECUTE statement;
  GET DIAGNOSTICS touched = ROW_COUNT;
  PERFORM pg_temp.say('changed', code, sentence, CASE WHEN statement LIKE 'UPDATE%' THEN touched END);
END $$;

CREATE FUNCTION pg_temp.refuse(place regclass, why text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'RCADO', MESSAGE = format('%s is not a table of the old back end: %s.', place, why),
    HINT = format('If it is something else, rename it: ALTER TABLE %s RENAME TO …', place);
END $$;

CREATE FUNCTION pg_temp.usual_value(place regclass, name text) RETURNS text LANGUAGE sql AS $$
  SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
  WHERE adrelid = place AND attname = name
$$;

-- A form for `format` that turns values of one type into another's without loss; NULL where nothing safe is known.
CREATE FUNCTION pg_temp.conversion(found regtype, wanted regtype) RETURNS text LANGUAGE sql AS $$
  SELECT CASE
    WHEN wanted = 'text'::regtype AND found = 'numeric'::regtype THEN 'trim_scale(%1$I)::text'
    WHEN wanted = 'text'::regtype AND (typcategory IN ('S', 'E', 'B')
      OR found IN ('uuid'::regtype, 'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)) THEN '%1$I::text'
    WHEN wanted = 'jsonb'::regtype AND found = 'json'::regtype THEN '%1$I::jsonb'
    WHEN wanted = 'jsonb'::regtype AND typcategory = 'S' THEN 'pg_temp.json_of(%1$I::text)'
    WHEN wanted = 'timestamptz'::regtype AND found IN ('timestamp'::regtype, 'date'::regtype) THEN '%1$I::timestamptz'
    WHEN wanted = 'timestamptz'::regtype AND found = 'bigint'::regtype
      THEN 'to_timestamp(CASE WHEN %1$I < 100000000000 THEN %1$I ELSE %1$I / 1000.0 END)'
    WHEN typcategory = 'S' THEN 'nullif(btrim(%1$I::text), '''')::%2$s'
  END FROM pg_type WHERE oid = found
$$;

CREATE FUNCTION pg_temp.json_of(value text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  RETURN value::jsonb;
EXCEPTION WHEN data_exception THEN
  RETURN to_jsonb(value);
END $$;

-- Whether it is a table that can be repaired; then nobody else reads or writes it until the end, and no trigger fires.
CREATE FUNCTION pg_temp.admit(place regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one record;
BEGIN
  SELECT * INTO one FROM pg_class WHERE oid = place;
  IF one.relkind <> 'r' THEN
    PERFORM pg_temp.refuse(place, 'it is no ordinary table');
  ELSIF NOT pg_has_role(one.relowner, 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = 'RCADO', MESSAGE = format('The role %I does not own %s.', current_user, place),
      HINT = format('Do this as its owner, %I (on Supabase: postgres).', pg_get_userbyid(one.relowner));
  END IF;
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', place);
  FOR one IN SELECT c.name, c.type, format_type(a.atttypid, a.atttypmod) AS found, a.attgenerated, pg_temp.conversion(a.atttypid, c.type::regtype)
      AS how, a.atttypid = c.type::regtype AS is_right
    FROM pg_temp.recado_columns c LEFT JOIN pg_attribute a ON a.attrelid = place AND a.attname = c.name WHERE c.home = place::text
  LOOP
    IF one.found IS NULL AND one.name = 'instance_name' THEN
      PERFORM pg_temp.refuse(place, 'it has no column instance_name');
    ELSIF one.attgenerated <> '' THEN
      PERFORM pg_temp.refuse(place, format('its column %s is generated', one.name));
    ELSIF NOT one.is_right AND one.how IS NULL THEN
      PERFORM pg_temp.refuse(place, format('its column %s is %s and cannot be made %s', one.name, one.found, one.type));
    END IF;
  END LOOP;
  INSERT INTO pg_temp.recado_put_back (turn, statement) SELECT 2, format('ALTER TABLE %s %s TRIGGER %I', place,
      CASE tgenabled WHEN 'O' THEN 'ENABLE' WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, tgname)
    FROM pg_trigger WHERE tgrelid = place AND NOT tgisinternal;
  EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', place);
END $$;

-- Takes away what holds columns of a table to their types, and writes down how to make it again.
CREATE FUNCTION pg_temp.lift(place regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  views oid[];
  one record;
BEGIN
  WITH RECURSIVE found AS (
    SELECT place::oid AS id, 0 AS depth
    UNION
    SELECT r.ev_class, depth + 1 FROM found JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = found.id
      AND d.classid = 'pg_rewrite'::regclass JOIN pg_rewrite r ON r.oid = d.objid
    WHERE r.ev_class <> found.id AND r.rulename = '_RETURN'
  )
  SELECT array_agg(id ORDER BY deepest) INTO views FROM (SELECT id, max(depth) AS deepest FROM found GROUP BY id) AS f;
  FOR one IN SELECT r.rulename, r.ev_class::regclass AS home, pg_get_ruledef(r.oid) AS body FROM pg_rewrite r
    WHERE r.rulename <> '_RETURN' AND (r.ev_class = ANY (views) OR EXISTS (SELECT FROM pg_depend d WHERE d.objid = r.oid
      AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (views)))
  LOOP
    INSERT INTO pg_temp.recado_put_back (turn, statement) VALUES (2, one.body);
    EXECUTE format('DROP RULE %I ON %s', one.rulename, one.home);
  END LOOP;
  FOR one IN SELECT p.*, p.polrelid::regclass AS home, pg_get_expr(polqual, polrelid) AS reading,
      pg_get_expr(polwithcheck, polrelid) AS writing, obj_description(p.oid, 'pg_policy') AS said,
      (SELECT string_agg(coalesce(quote_ident(rolname), 'PUBLIC'), ', ') FROM unnest(polroles) AS t (role)
        LEFT JOIN pg_roles r ON r.oid = role) AS whom
    FROM pg_policy p WHERE EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.classid = 'pg_policy'::regclass
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (views) AND (d.refobjsubid > 0 OR d.refobjid <> p.polrelid))
  LOOP
    INSERT INTO pg_temp.recado_put_back (turn, statement) VALUES
      (2, format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', one.polname, one.home,
        CASE WHEN one.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, CASE one.polcmd WHEN 'r' THEN 'SELECT'
        WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, one.whom,
        ' USING (' || one.reading || ')', ' WITH CHECK (' || one.writing || ')')),
      (2, format('COMMENT ON POLICY %I ON %s IS %L', one.polname, one.home, one.said));
    EXECUTE format('DROP POLICY %I ON %s', one.polname, one.home);
  END LOOP;
  FOR one IN SELECT tgname, pg_get_triggerdef(oid) AS body, obj_description(oid, 'pg_trigger') AS said FROM pg_trigger
    WHERE tgrelid = place AND NOT tgisinternal AND (tgqual IS NOT NULL OR tgattr::text <> '')
  LOOP
    INSERT INTO pg_temp.recado_put_back (statement) VALUES (one.body),
      (format('COMMENT ON TRIGGER %I ON %s IS %L', one.tgname, place, one.said));
    EXECUTE format('DROP TRIGGER %I ON %s', one.tgname, place);
  END LOOP;
  FOR one IN SELECT * FROM unnest(views) WITH ORDINALITY AS v (id, n) WHERE id <> place ORDER BY n LOOP
    PERFORM pg_temp.write_down(one.id);
  END LOOP;
  FOR one IN SELECT id::regclass AS name FROM unnest(views) WITH ORDINALITY AS v (id, n) WHERE id <> place ORDER BY n DESC LOOP
    EXECUTE format('DROP VIEW %s', one.name);
  END LOOP;
END $$;

-- A view: its text, its owner, who may do what with it, its comments and triggers.
CREATE FUNCTION pg_temp.write_down(view regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one record;
BEGIN
  SELECT * INTO one FROM pg_class WHERE oid = view;
  IF one.relkind <> 'v' THEN
    RAISE EXCEPTION USING ERRCODE = 'RCADO', MESSAGE = format('%s is built on a column that needs another type.', view),
      HINT = 'Remove it, run this again, and make it anew.';
  END IF;
  INSERT INTO pg_temp.recado_put_back (statement) VALUES
    (format('CREATE VIEW %s%s AS %s', view, ' WITH (' || array_to_string(one.reloptions, ', ') || ')', pg_get_viewdef(view))),
    (format('ALTER VIEW %s OWNER TO %I', view, pg_get_userbyid(one.relowner))),
    (format('SELECT pg_temp.forget_grants(%L)', view)),
    (format('COMMENT ON VIEW %s IS %L', view, obj_description(view, 'pg_class')));
  INSERT INTO pg_temp.recado_put_back (statement)
    SELECT format('GRANT %s%s ON %s TO %s%s', privilege_type, ' (' || quote_ident(attname) || ')', view,
      coalesce(quote_ident(rolname), 'PUBLIC'), CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
    FROM (SELECT NULL::name AS attname, one.relacl AS acl
      UNION ALL SELECT attname, attacl FROM pg_attribute WHERE attrelid = view) AS rights
    CROSS JOIN aclexplode(acl) LEFT JOIN pg_roles r ON r.oid = grantee WHERE grantee <> one.relowner
    UNION ALL SELECT format('COMMENT ON COLUMN %s.%I IS %L', view, attname, col_description(view, attnum))
    FROM pg_attribute WHERE attrelid = view AND col_description(view, attnum) IS NOT NULL
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = view AND NOT tgisinternal;
END $$;

-- What default privileges have given on a view just made.
CREATE FUNCTION pg_temp.forget_grants(view regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  whom text;
BEGIN
  FOR whom IN SELECT DISTINCT coalesce(quote_ident(rolname), 'PUBLIC') FROM pg_class CROSS JOIN aclexplode(relacl)
    LEFT JOIN pg_roles r ON r.oid = grantee WHERE pg_class.oid = view AND grantee <> relowner
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM %s', view, whom);
  END LOOP;
END $$;

-- Gives a table the columns that it lacks, and those that it has their types and what they usually hold.
CREATE FUNCTION pg_temp.fix_columns(place regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one record;
  usual text;
BEGIN
  IF EXISTS (SELECT FROM pg_temp.recado_columns c JOIN pg_attribute a ON a.attrelid = place AND a.attname = c.name
    WHERE c.home = place::text AND a.atttypid <> c.type::regtype) THEN
    PERFORM pg_temp.lift(place);
  END IF;
  FOR one IN SELECT c.name, c.type, c.usual, a.atttypid::regtype AS found, a.atttypid <> c.type::regtype AS is_wrong
    FROM pg_temp.recado_columns c LEFT JOIN pg_attribute a ON a.attrelid = place AND a.attname = c.name WHERE c.home = place::text
  LOOP
    IF one.found IS NULL THEN
      PERFORM pg_temp.change('column_added', format('The column %s was missing.', one.name), format('ALTER TABLE %s ADD %I %s%s',
        place, one.name, one.type, CASE WHEN one.name = 'id' THEN ' DEFAULT ' || one.usual END));
    ELSIF one.is_wrong THEN
      usual := pg_temp.usual_value(place, one.name);
      IF one.type = 'text' THEN
        EXECUTE format('SELECT (%s)::text', coalesce(usual, 'NULL')) INTO usual;
        UPDATE pg_temp.recado_put_back SET statement = replace(statement, '::' || one.found, '::text');
      END IF;
      BEGIN
        PERFORM pg_temp.change('type_changed', format('The column %s was %s and is %s now.', one.name, one.found, one.type),
          format('ALTER TABLE %s ALTER %I DROP DEFAULT, ALTER %2$I TYPE %s USING %s', place, one.name, one.type,
            format(pg_temp.conversion(one.found, one.type::regtype), one.name, one.type)));
      EXCEPTION WHEN data_exception THEN
        PERFORM pg_temp.refuse(place, format('its column %s is %s, and not everything in it reads as %s', one.name, one.found, one.type));
      END;
      IF one.type = 'text' AND usual IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s ALTER %I SET DEFAULT %L', place, one.name, usual);
      END IF;
    END IF;
    IF one.usual IS NOT NULL AND pg_temp.usual_value(place, one.name) IS NULL THEN
      PERFORM pg_temp.change('default_set', format('The column %s has the default %s now.', one.name, one.usual),
        format('ALTER TABLE %s ALTER %I SET DEFAULT %s', place, one.name, one.usual));
    END IF;
  END LOOP;
END $$;

-- Every row gets a name of its own: `stem` is what one without a name is called, `age` says who keeps a name of several.
CREATE FUNCTION pg_temp.fix_names(place regclass, stem text, age text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one record;
  new_name text;
  is_taken boolean;
BEGIN
  FOR one IN EXECUTE format($query$
    SELECT ctid AS spot, %s AS stem, 'without a name' AS which, 0 AS n FROM %s WHERE btrim(coalesce(instance_name, '')) = ''
    UNION ALL SELECT * FROM (SELECT ctid, instance_name, format('that was also named %%L', instance_name),
      row_number() OVER (PARTITION BY instance_name ORDER BY %s) AS n FROM %2$s WHERE btrim(instance_name) <> '') AS r WHERE n > 1
    ORDER BY stem, n $query$, stem, place, age)
  LOOP
    new_name := one.stem;
    FOR n IN 2 .. 2147483647 LOOP
      EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE instance_name = $1)', place) INTO is_taken USING new_name;
      EXIT WHEN NOT is_taken;
      new_name := one.stem || '-' || n;
    END LOOP;
    EXECUTE format('UPDATE %s SET instance_name = $1 WHERE ctid = $2', place) USING new_name, one.spot;
    PERFORM pg_temp.say('changed', 'row_renamed', format('The row of %s %s is called %L now.', place, one.which, new_name), 1);
  END LOOP;
END $$;

-- Filled and unique; with `is_primary` the primary key, unless another one is in use.
CREATE FUNCTION pg_temp.fix_key(place regclass, name text, is_primary boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  place_in_row int2 := (SELECT attnum FROM pg_attribute WHERE attrelid = place AND attname = name);
  old_key name := (SELECT conname FROM pg_constraint WHERE conrelid = place AND contype = 'p');
  late name;
  is_unique boolean := EXISTS (SELECT FROM pg_index WHERE indrelid = place AND indisunique AND indimmediate AND indisvalid
    AND indpred IS NULL AND indexprs IS NULL AND indnkeyatts = 1 AND indkey[0] = place_in_row);
BEGIN
  IF NOT (SELECT attnotnull FROM pg_attribute WHERE attrelid = place AND attnum = place_in_row) THEN
    PERFORM pg_temp.change('not_null_set', format('The column %s could be empty.', name),
      format('ALTER TABLE %s ALTER %I SET NOT NULL', place, name));
  END IF;
  FOR late IN SELECT conname FROM pg_constraint WHERE conrelid = place AND contype = 'u' AND condeferrable AND conkey = ARRAY[place_in_row] LOOP
    PERFORM pg_temp.change('key_dropped', format('That %s is unique was looked at only later (%I).', name, late),
      format('ALTER TABLE %s DROP CONSTRAINT %I', place, late));
  END LOOP;
  IF is_primary AND NOT is_unique AND old_key IS NOT NULL THEN
    BEGIN
      PERFORM pg_temp.change('key_dropped', format('The primary key %I was not on %s.', old_key, name),
        format('ALTER TABLE %s DROP CONSTRAINT %I', place, old_key));
      old_key := NULL;
    EXCEPTION WHEN dependent_objects_still_exist THEN
      PERFORM pg_temp.say('kept', 'key_kept', format('The primary key %I stays, because other things depend on it.', old_key));
    END;
  END IF;
  IF is_primary AND old_key IS NULL THEN
    PERFORM pg_temp.change('key_added', format('The primary key is %s now.', name),
      format('ALTER TABLE %s ADD PRIMARY KEY (%I)', place, name));
  ELSIF NOT is_unique THEN
    PERFORM pg_temp.change('unique_added', format('Nothing kept %s unique.', name),
      format('ALTER TABLE %s ADD UNIQUE (%I)', place, name));
  END IF;
END $$;

-- Recado leaves these empty, or does not know them at all: they must be able to be so.
CREATE FUNCTION pg_temp.free_columns(place regclass, VARIADIC empty_ones text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one record;
BEGIN
  FOR one IN SELECT attname AS name FROM pg_attribute WHERE attrelid = place AND attnum > 0 AND NOT attisdropped AND attnotnull
    AND (attname = ANY (empty_ones) OR NOT atthasdef AND attidentity = ''
      AND attname NOT IN (SELECT c.name FROM pg_temp.recado_columns c WHERE c.home = place::text))
    AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = place AND indisprimary AND attnum = ANY (indkey))
  LOOP
    PERFORM pg_temp.change('not_null_dropped', format('The column %s had to have a value, and Recado has none for it.', one.name),
      format('ALTER TABLE %s ALTER %I DROP NOT NULL', place, one.name));
  END LOOP;
END $$;

-- Columns whose names Recado needs for its own; one that has the same type and may mean the same is used as it is.
CREATE FUNCTION pg_temp.set_aside(place regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one record;
  is_ours boolean := false;
BEGIN
  IF to_regclass('recado.migrations') IS NOT NULL THEN
    SELECT EXISTS (SELECT FROM recado.migrations WHERE name = '002_public') INTO is_ours;
  END IF;
  FOR one IN SELECT 'COLUMN' AS what, attname AS name FROM pg_attribute WHERE attrelid = place AND NOT is_ours AND (
      attname IN ('engine', 'wanted', 'wanted_at', 'state', 'reason', 'user_action', 'attempt', 'next_at', 'deadline', 'since',
        'checked_at', 'history_progress')
      OR attname IN ('lid', 'push_name', 'platform') AND atttypid <> 'text'::regtype
      OR attname = 'owner_id' AND atttypid <> 'uuid'::regtype OR attname = 'last_activity_at' AND atttypid <> 'timestamptz'::regtype)
    UNION ALL SELECT 'CONSTRAINT', conname FROM pg_constraint WHERE conrelid = place AND NOT is_ours
      AND conname IN ('whatsapp_instances_wanted_check', 'whatsapp_instances_state_check')
  LOOP
    PERFORM pg_temp.change('set_aside', format('The %s %s is called old_%2$s now: Recado has one of that name.', lower(one.what), one.name),
      format('ALTER TABLE %s RENAME %s %I TO %I', place, one.what, one.name, 'old_' || one.name));
  END LOOP;
END $$;

CREATE FUNCTION pg_temp.allows(condition text, status text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  answer boolean;
BEGIN
  EXECUTE format('SELECT coalesce((%s), true) FROM (SELECT %L::text AS status) AS row', condition, status) INTO answer;
  RETURN answer;
EXCEPTION WHEN OTHERS THEN
  RETURN false;
END $$;

CREATE FUNCTION pg_temp.fix_status(place regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  three text[] := ARRAY['connected', 'disconnected', 'connecting'];
  rule text := $rule$CHECK ((status = ANY (ARRAY['connected'::text, 'disconnected'::text, 'connecting'::text])))$rule$;
  usual text;
  one record;
BEGIN
  FOR one IN SELECT conname AS name FROM pg_constraint WHERE conrelid = place AND contype = 'c' AND pg_get_constraintdef(oid) <> rule
    AND conkey = (SELECT ARRAY[attnum] FROM pg_attribute WHERE attrelid = place AND attname = 'status')
    AND (conname = 'whatsapp_instances_status_check' OR NOT (SELECT bool_and(pg_temp.allows(pg_get_expr(conbin, conrelid), s)) FROM unnest(three) AS s))
  LOOP
    PERFORM pg_temp.change('check_dropped', format('The check %s was another one than the three values of status.', one.name),
      format('ALTER TABLE %s DROP CONSTRAINT %I', place, one.name));
  END LOOP;
  FOR one IN SELECT old, CASE
      WHEN plain IN ('connected', 'open', 'online', 'ready', 'active', 'working', 'authorized', 'logged_in', 'true', '1', 'conectado')
        THEN 'connected'
      WHEN plain IN ('connecting', 'authenticated', 'pairing', 'starting', 'initializing', 'loading', 'opening', 'syncing', 'waiting',
        'pending', 'created', 'conectando') OR plain LIKE 'qr%' OR plain LIKE 'scan%' THEN 'connecting'
      ELSE 'disconnected' END AS new
    FROM (SELECT DISTINCT status AS old, lower(btrim(status)) AS plain FROM public.whatsapp_instances) AS s
    WHERE old <> ALL (three) ORDER BY old
  LOOP
    PERFORM pg_temp.change('status_mapped', format('The status %L is %L now.', one.old, one.new),
      format('UPDATE %s SET status = %L WHERE status = %L', place, one.new, one.old));
  END LOOP;
  EXECUTE format('SELECT (%s)::text', pg_temp.usual_value(place, 'status')) INTO usual;
  IF usual <> ALL (three) THEN
    PERFORM pg_temp.change('default_set', format('The default of status was %L and is ''disconnected'' now.', usual),
      format('ALTER TABLE %s ALTER status SET DEFAULT ''disconnected''::text', place));
  END IF;
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = place AND pg_get_constraintdef(oid) = rule) THEN
    PERFORM pg_temp.change('check_added', 'Nothing kept status to connected, disconnected and connecting.',
      format('ALTER TABLE %s ADD CONSTRAINT whatsapp_instances_status_check %s', place, rule));
  END IF;
END $$;

CREATE FUNCTION pg_temp.fix_instances(place regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  touched bigint;
BEGIN
  PERFORM pg_temp.set_aside(place);
  PERFORM pg_temp.fix_columns(place);
  UPDATE public.whatsapp_instances SET id = gen_random_uuid() WHERE id IS NULL OR ctid IN (SELECT spot FROM (SELECT ctid AS spot,
    row_number() OVER (PARTITION BY id ORDER BY created_at, ctid) AS n FROM public.whatsapp_instances) AS r WHERE n > 1);
  GET DIAGNOSTICS touched = ROW_COUNT;
  IF touched > 0 THEN
    PERFORM pg_temp.say('changed', 'id_given', 'Rows without an id, or with that of another row, have a new one.', touched);
  END IF;
  PERFORM pg_temp.fix_names(place, $stem$'instance-' || left(id::text, 8)$stem$, 'created_at, id');
  PERFORM pg_temp.fix_status(place);
  PERFORM pg_temp.fix_key(place, 'id', true);
  PERFORM pg_temp.fix_key(place, 'instance_name', false);
  PERFORM pg_temp.free_columns(place, 'qr_code', 'phone_number', 'webhook_url');
END $$;

CREATE FUNCTION pg_temp.fix_sessions(place regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.fix_columns(place);
  PERFORM pg_temp.fix_names(place, $stem$'session'::text$stem$, 'last_activity DESC NULLS LAST');
  PERFORM pg_temp.fix_key(place, 'instance_name', true);
  PERFORM pg_temp.free_columns(place, 'phone_number');
END $$;

-- What other people have put on a table, and stays.
CREATE FUNCTION pg_temp.tell_what_stays(place regclass) RETURNS void LANGUAGE sql AS $$
  INSERT INTO pg_temp.recado_report (kind, code, sentence)
  SELECT 'kept', 'policy_kept', format('The policy %I of %s: %s for %s.', policyname, place, cmd, array_to_string(roles, ', '))
  FROM pg_policies WHERE format('%I.%I', schemaname, tablename) = place::text
  UNION ALL SELECT 'kept', 'trigger_kept', format('The trigger %I of %s.', tgname, place) FROM pg_trigger WHERE tgrelid = place AND NOT tgisinternal
  UNION ALL SELECT DISTINCT 'kept', 'view_kept', format('The view %s.', ev_class::regclass) FROM pg_depend d
    JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass WHERE d.refobjid = place AND ev_class <> place
  UNION ALL SELECT 'kept', 'grant_kept', format('%s may do with %s: %s.', coalesce(rolname, 'PUBLIC'), place, string_agg(privilege_type, ', '))
    FROM pg_class CROSS JOIN aclexplode(relacl) LEFT JOIN pg_roles r ON r.oid = grantee
    WHERE pg_class.oid = place AND grantee <> relowner GROUP BY rolname
$$;

DO $$
DECLARE
  place regclass;
  one record;
  found_rows bigint;
BEGIN
  FOREACH place IN ARRAY array_remove(ARRAY[to_regclass('public.whatsapp_instances'), to_regclass('public.whatsapp_sessions')], NULL) LOOP
    PERFORM pg_temp.admit(place);
    EXECUTE format('SELECT count(*) FROM %s', place) INTO found_rows;
    PERFORM pg_temp.say('found', 'table_found', format('%s is there.', place), found_rows);
    EXECUTE format('SELECT pg_temp.fix_%s($1)', substr(place::text, length('public.whatsapp_') + 1)) USING place;
  END LOOP;
  FOR one IN SELECT statement FROM pg_temp.recado_put_back ORDER BY turn, step LOOP
    EXECUTE one.statement;
  END LOOP;
  FOR one IN SELECT DISTINCT home::regclass AS place FROM pg_temp.recado_columns WHERE to_regclass(home) IS NOT NULL ORDER BY 1 LOOP
    PERFORM pg_temp.tell_what_stays(one.place);
  END LOOP;
END $$;

DROP FUNCTION pg_temp.say, pg_temp.change, pg_temp.refuse, pg_temp.usual_value, pg_temp.conversion, pg_temp.json_of,
  pg_temp.admit, pg_temp.lift, pg_temp.write_down, pg_temp.forget_grants, pg_temp.fix_columns, pg_temp.fix_names, pg_temp.fix_key,
  pg_temp.free_columns, pg_temp.set_aside, pg_temp.allows, pg_temp.fix_status, pg_temp.fix_instances, pg_temp.fix_sessions,
  pg_temp.tell_what_stays;
SELECT kind, code, sentence, rows FROM pg_temp.recado_report ORDER BY step;
COMMIT;
