-- Event variables in PostgreSQL 13 or later: a table, and functions for applications. It may be run
-- again, after an upgrade of Doorbell too: sets that are there stay.
--
-- ${prefix}_owner owns all of it, and can't log in. ${prefix}_node is for nodes, ${prefix}_setter for
-- applications: grant them to the roles that those log in as.
BEGIN;

DO $$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['${prefix}_owner', '${prefix}_node', '${prefix}_setter'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) THEN
      EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', role);
    END IF;
  END LOOP;
  IF pg_catalog.to_regnamespace('${schema}') IS NULL THEN
    CREATE SCHEMA ${schema};
  END IF;
END
$$;

GRANT ${prefix}_owner TO CURRENT_USER;
GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${prefix}_owner;
GRANT USAGE ON SCHEMA ${schema} TO ${prefix}_node, ${prefix}_setter;
SET LOCAL ROLE ${prefix}_owner;

-- A row for each event that is set. tx is the transaction that set it, by which nodes find the rows
-- that became visible since they looked last, in whatever order transactions commit.
CREATE TABLE IF NOT EXISTS ${schema}.${prefix}_events (
  id text COLLATE "C" PRIMARY KEY,
  set_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  tx xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  spread integer NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS ${prefix}_events_tx ON ${schema}.${prefix}_events (tx);
CREATE INDEX IF NOT EXISTS ${prefix}_events_set_at ON ${schema}.${prefix}_events (set_at);

-- Sets events for nodes, which have checked the ids and the keys; returns those that were unset. The
-- order of ids keeps two setters from waiting for one another. A notification says nothing: whoever
-- may listen would learn ids, which are for those alone who were given them.
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
    PERFORM pg_notify('${prefix}', '');
  END IF;
  RETURN coalesce(first, '{}');
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
CREATE OR REPLACE FUNCTION ${schema}.${prefix}_set(id text, key text DEFAULT NULL) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT ${schema}.${prefix}_put(ARRAY[${schema}.${prefix}_open(id, key)], '{0}') <> '{}'
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
  ${schema}.${prefix}_id(text),
  ${schema}.${prefix}_open(text, text),
  ${schema}.${prefix}_set(text, text),
  ${schema}.${prefix}_set_all(text[])
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ${schema}.${prefix}_set(text, text), ${schema}.${prefix}_set_all(text[])
TO ${prefix}_setter, ${prefix}_node;
GRANT EXECUTE ON FUNCTION ${schema}.${prefix}_put(text[], integer[]) TO ${prefix}_node;
GRANT SELECT, DELETE ON ${schema}.${prefix}_events TO ${prefix}_node;

RESET ROLE;
REVOKE CREATE ON SCHEMA ${schema} FROM ${prefix}_owner;
REVOKE ${prefix}_owner FROM CURRENT_USER;
COMMIT;
