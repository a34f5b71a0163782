-- A large instance made by the database itself: :count texts of four to six words, one a minute, in 500 chats.
-- Of every ten one has "pedido", of every thousand one "informações"; one in all has "agulha", and it is an old one.
INSERT INTO public.whatsapp_instances (id, instance_name) VALUES
  ('00000000-0000-7000-8000-000000000001', 'big'), ('00000000-0000-7000-8000-000000000002', 'small');
INSERT INTO public.whatsapp_contacts (id, instance_id, phone_number, push_name)
SELECT ('00000001-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '00000000-0000-7000-8000-000000000001',
  (5511900000000 + n)::text, 'Pessoa ' || n
FROM generate_series(1, 500) n;
INSERT INTO public.whatsapp_chats (id, instance_id, kind, contact_id)
SELECT ('00000002-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '00000000-0000-7000-8000-000000000001', 'person',
  ('00000001-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid
FROM generate_series(1, 500) n;
CREATE TEMP TABLE words AS
SELECT n, (
  SELECT string_agg(substr('bacedifogulamenipoqurasetivoxuza', 1 + 2 * ((n / (16 ^ k)::int) % 16), 2), '')
  FROM generate_series(0, 2 + n % 2) k) AS word
FROM generate_series(0, 9999) n;
CREATE UNIQUE INDEX ON words (n);
CREATE TEMP TABLE pairs AS
SELECT f, (
  SELECT string_agg(w.word, ' ') FROM generate_series(1, 2) k
  JOIN words w ON w.n = floor(9999 * (abs(hashint4(f * 7 + k)) / 2147483648.0) ^ 3)::int) AS part
FROM generate_series(0, 9999) f;
ANALYZE pairs;
INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, sender_id, from_me, wa_id, kind, text, sent_at, tiebreak,
  status)
SELECT (lpad(to_hex(1700000000000 + n::bigint * 60000), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
  '00000000-0000-7000-8000-000000000001', ('00000002-0000-7000-8000-' || lpad((1 + n % 499)::text, 12, '0'))::uuid,
  ('00000001-0000-7000-8000-' || lpad((1 + n % 499)::text, 12, '0'))::uuid, false, 'W' || n, 'conversation',
  a.part || ' ' || b.part || CASE WHEN n % 10 = 0 THEN ' pedido' ELSE '' END
    || CASE WHEN n % 1000 = 0 THEN ' informações' ELSE '' END || CASE WHEN n = 77777 THEN ' agulha' ELSE '' END,
  to_timestamp(1700000000 + n * 60), n, 'received'
FROM generate_series(1, :count) n
JOIN pairs a ON a.f = (n::bigint * 7919) % 10000 JOIN pairs b ON b.f = (n::bigint * 104729 + n / 10000) % 10000
ORDER BY n;
