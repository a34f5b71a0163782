-- Who is signed in to the pages, and the links that sign in once. Both only as hashes, both as long as their key lives.

CREATE TABLE recado.web_sessions (
  hash bytea PRIMARY KEY,
  key_id uuid NOT NULL REFERENCES recado.api_keys (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE recado.web_links (
  hash bytea PRIMARY KEY,
  key_id uuid NOT NULL REFERENCES recado.api_keys (id) ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);

SELECT recado.seal('recado');
