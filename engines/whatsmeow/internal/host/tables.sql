-- What must be there before the library brings its own tables up to date: it looks for its version table in all schemas.
-- CREATE SCHEMA IF NOT EXISTS would want the right to create schemas even where there is nothing to create.
SELECT pg_advisory_lock(hashtextextended('recado.engine.upgrade', 0));
DO $$ BEGIN
    IF current_schema() IS NULL THEN
        EXECUTE 'CREATE SCHEMA ' || current_setting('search_path');
    END IF;
END $$;
CREATE TABLE IF NOT EXISTS whatsmeow_version (version integer, compat integer);
CREATE TABLE IF NOT EXISTS engine_session (session text PRIMARY KEY, jid text NOT NULL);
