-- Event variables in PostgreSQL 13 or later: a table, and functions for applications. It may be run
-- again, after an upgrade of Doorbell too: sets that are there stay.
--
-- ${prefix}_owner owns all of it, and can't log in. ${prefix}_node is for nodes, ${prefix}_setter for
-- applications: grant them to the roles that those log in as.
BEGIN;
-- Whoever uses the table goes on, if it can't be done at once.
SET LOCAL lock_timeout = '2s';

DO $$
DECLARE
  role text;
  change text;
BEGIN
  FOREACH role IN ARRAY ARRAY['${prefix}_owner', '${prefix}_node', '${prefix}_setter'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) THEN
      EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', role);
    ELSIF EXISTS (SELECT FROM pg_catalog.pg_roles
                  WHERE rolname = role AND (rolcanlogin OR rolsuper)) THEN
      RAISE EXCEPTION 'the role % is there and is somebody''s; choose another --store-prefix', role;
    END IF;
  END LOOP;
  IF pg_catalog.to_regnamespace('${schema}') IS NULL THEN
    CREATE SCHEMA ${schema};
  END IF;
  -- What is granted for this run alone is taken back at its end.
  IF NOT pg_catalog.pg_has_role(CURRENT_USER, '${prefix}_owner', CASE
    WHEN pg_catalog.current_setting('server_version_num')::integer >= 160000 THEN 'SET'
    ELSE 'MEMBER' END)
  THEN
    GRANT ${prefix}_owner TO CURRENT_USER;
    PERFORM pg_catalog.set_config('doorbell.member', 'yes', true);
  END IF;
  IF NOT pg_catalog.has_schema_privilege(
    '${prefix}_owner', pg_catalog.to_regnamespace('${schema}'), 'CREATE')
  THEN
    GRANT CREATE ON SCHEMA ${schema} TO ${prefix}_owner;
    PERFORM pg_catalog.set_config('doorbell.creator', 'yes', true);
  END IF;
  -- What a restore without these roles left to whoever restored it. Not a stranger's: its name may
  -- have been taken to be called with the owner's rights.
  FOR change IN
    SELECT pg_catalog.format('ALTER %s OWNER TO ${prefix}_owner', one.what)
    FROM (
      SELECT 'TABLE ' || oid::pg_catalog.regclass::text, relowner FROM pg_catalog.pg_class
      WHERE oid IN (
        pg_catalog.to_regclass('${schema}.${prefix}_events'),
        pg_catalog.to_regclass('${schema}.${prefix}_channel'))
      UNION ALL
      SELECT 'FUNCTION ' || oid::pg_catalog.regprocedure::text, proowner FROM pg_catalog.pg_proc
      WHERE pronamespace = pg_catalog.to_regnamespace('${schema}') AND proname IN (
        '${prefix}_put', '${prefix}_put_soon', '${prefix}_id', '${prefix}_open', '${prefix}_set',
        '${prefix}_set_all')
    ) AS one (what, owner)
    JOIN pg_catalog.pg_roles r ON r.oid = one.owner
    JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
    WHERE r.rolname <> '${prefix}_owner' AND (r.rolname = CURRENT_USER OR r.oid = d.datdba)
  LOOP
    EXECUTE change;
  END LOOP;
END
$$;

GRANT USAGE ON SCHEMA ${schema} TO ${prefix}_owner, ${prefix}_node, ${prefix}_setter;
SET LOCAL ROLE ${prefix}_owner;

-- A row for each event that is set. tx is the transaction that set it, by which nodes find the rows
-- that became visible since they looked last, in whatever order transactions commit.
CREATE TABLE IF NOT EXISTS ${schema}.${prefix}_events (
  id text COLLATE "C" PRIMARY KEY,
  set_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  tx xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  spread integer NOT NULL DEFAULT 0
);

-- The name of the channel that nodes listen to, which nobody else knows: whoever may log in may
-- notify any channel, and what is notified takes the memory of those who listen.
CREATE TABLE IF NOT EXISTS ${schema}.${prefix}_channel (name text NOT NULL);

DO $$
BEGIN
  -- An index that is there would be waited for all the same.
  IF pg_catalog.to_regclass('${schema}.${prefix}_events_tx') IS NULL THEN
    CREATE INDEX ${prefix}_events_tx ON ${schema}.${prefix}_events (tx);
    CREATE INDEX ${prefix}_events_set_at ON ${schema}.${prefix}_events (set_at);
  END IF;
  IF NOT EXISTS (SELECT FROM ${schema}.${prefix}_channel) THEN
    INSERT INTO ${schema}.${prefix}_channel
    SELECT '${prefix}_' || pg_catalog.substr(
      pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', ''), 1, 24);
  END IF;
END
$$;

-- Sets events for nodes, which have checked the ids and the keys; returns those that were unset. The
-- order of ids keeps two setters from waiting for one another. A notification says nothing: whoever
-- listens would learn ids, which are for those alone who were given them.
CREATE OR REPLACE FUNCTION ${schema}.${prefix}_put(ids text[], spreads integer[]) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first text[];
  changed bigint;
BEGIN
  WITH put AS (
    INSERT INTO ${schema}.${prefix}_events AS e (id, spread)
    SELECT u.id, min(u.spread) FROM unnest(ids, spreads) AS u (id, spread)
    GROUP BY u.id ORDER BY u.id COLLATE "C"
    ON CONFLICT (id) DO UPDATE SET
      set_at = excluded.set_at,
      spread = least(e.spread, excluded.spread),
      tx = CASE WHEN excluded.spread < e.spread THEN excluded.tx ELSE e.tx END
    -- Told anew only if nodes shall be quicker, and remembered anew once a minute at most.
    WHERE excluded.spread < e.spread OR e.set_at < excluded.set_at - interval '1 minute'
    RETURNING e.id, e.xmax = 0 AS is_first
  )
  SELECT array_agg(id) FILTER (WHERE is_first), count(*) INTO first, changed FROM put;
  IF changed > 0 THEN
    PERFORM pg_notify(name, '') FROM ${schema}.${prefix}_channel;
  END IF;
  RETURN coalesce(first, '{}');
END
$$;

-- The same, which waits only so long for a row that somebody's open transaction has. The time is for
-- rows alone, and not for the commit.
CREATE OR REPLACE FUNCTION ${schema}.${prefix}_put_soon(ids text[], spreads integer[], millis integer)
RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = 0 AS $$
BEGIN
  PERFORM set_config('lock_timeout', millis::text, true);
  RETURN ${schema}.${prefix}_put(ids, spreads);
END
$$;

-- The one text of an id that is a decimal number below 2^128, a UUID, or 64 hex digits.
CREATE OR REPLACE FUNCTION ${schema}.${prefix}_id(id text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  number numeric := 0;
  hex text;
BEGIN
  IF id ~ '^[0-9]{1,39}$' THEN
    number := id::numeric;
    IF number >= 340282366920938463463374607431768211456 THEN
      RAISE EXCEPTION 'a number is below 2^128; this one is not'
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN number::text;
  ELSIF id ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN
    hex := replace(id, '-', '');
    FOR i IN 0..3 LOOP
      number := number * 4294967296 + ('x' || substr(hex, 8 * i + 1, 8))::bit(32)::bigint;
    END LOOP;
    RETURN number::text;
  ELSIF id ~ '^[0-9a-fA-F]{64}$' THEN
    RETURN lower(id);
  END IF;
  RAISE EXCEPTION 'an id is a decimal number, a UUID or 64 hex digits; this one is none of them'
    USING ERRCODE = 'invalid_parameter_value';
END
$$;

-- The one text of an id that may be set: a number or a UUID, or a sealed id with its key.
CREATE OR REPLACE FUNCTION ${schema}.${prefix}_open(id text, key text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own text := ${schema}.${prefix}_id(id);
  bare text := btrim(key, E' \t\r\n');
BEGIN
  IF length(own) < 64 THEN
    RETURN own;
  ELSIF bare IS NULL OR bare = '' THEN
    RAISE EXCEPTION 'this id is sealed, so its key is needed: ${prefix}_set(id, key)'
      USING ERRCODE = 'insufficient_privilege';
  ELSIF bare !~ '^[!-~]{1,128}$' OR encode(sha256(convert_to(bare, 'UTF8')), 'hex') <> own THEN
    RAISE EXCEPTION 'this is not the key of the id' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN own;
END
$$;

-- Sets an event when this transaction commits; true for the first of all setters.
CREATE OR REPLACE FUNCTION ${schema}.${prefix}_set(id text, key text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT ${schema}.${prefix}_put(ARRAY[${schema}.${prefix}_open(id, key)], '{0}') <> '{}'
$$;

CREATE OR REPLACE FUNCTION ${schema}.${prefix}_set(id text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT ${schema}.${prefix}_set(id, NULL)
$$;

-- The same for many, each as ID or as 'ID KEY'; returns how many were unset.
CREATE OR REPLACE FUNCTION ${schema}.${prefix}_set_all(ids text[]) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT cardinality(${schema}.${prefix}_put(
    coalesce(array_agg(${schema}.${prefix}_open(
      split_part(line, ' ', 1), substr(line, strpos(line || ' ', ' ') + 1))), '{}'),
    array_fill(0, ARRAY[coalesce(cardinality(ids), 0)])))
  FROM unnest(ids) AS line
$$;

REVOKE ALL ON FUNCTION
  ${schema}.${prefix}_put(text[], integer[]),
  ${schema}.${prefix}_put_soon(text[], integer[], integer),
  ${schema}.${prefix}_id(text),
  ${schema}.${prefix}_open(text, text),
  ${schema}.${prefix}_set(text),
  ${schema}.${prefix}_set(text, text),
  ${schema}.${prefix}_set_all(text[])
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  ${schema}.${prefix}_set(text),
  ${schema}.${prefix}_set(text, text),
  ${schema}.${prefix}_set_all(text[])
TO ${prefix}_setter, ${prefix}_node;
GRANT EXECUTE ON FUNCTION ${schema}.${prefix}_put_soon(text[], integer[], integer)
TO ${prefix}_node;
GRANT SELECT, DELETE ON ${schema}.${prefix}_events TO ${prefix}_node;
GRANT SELECT ON ${schema}.${prefix}_channel TO ${prefix}_node;

RESET ROLE;
DO $$
BEGIN
  IF pg_catalog.current_setting('doorbell.creator', true) = 'yes' THEN
    REVOKE CREATE ON SCHEMA ${schema} FROM ${prefix}_owner;
  END IF;
  IF pg_catalog.current_setting('doorbell.member', true) = 'yes' THEN
    REVOKE ${prefix}_owner FROM CURRENT_USER;
  END IF;
END
$$;
COMMIT;
