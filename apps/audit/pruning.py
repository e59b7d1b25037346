"""The database's own part of retention: what is due, what holds it back, and the one function that lets it go.

A month is let go in two steps. First an entry says which positions of the log will be gone; then, once that entry is
sealed, they go. So nothing is missing from the log that the log has not said before under a seal.
"""

from apps.audit.sql import PINNED, TABLE, redacting

FOR_EVER = "11, 14"
"""Redactions and prunings: they explain what is missing, for as long as there is a log."""

COVERS = """h.released_at IS NULL AND h.model IN ('', k.label) AND h.object_pk IN ('', e.object_pk)
            AND (h.subject IS NULL OR h.subject IN (e.subject, e.actor_id) OR h.subject::text = e.object_pk)
            AND (h.first_on IS NULL OR e."timestamp" >= h.first_on::timestamp AT TIME ZONE 'UTC')
            AND (h.last_on IS NULL OR e."timestamp" < (h.last_on + 1)::timestamp AT TIME ZONE 'UTC')"""
"""Whether the hold `h` is about the entry `e` of the kind `k`."""

STEP = f"""
-- One step towards letting a month go, all of it or none: what is due is announced, and goes once that is sealed.
CREATE OR REPLACE FUNCTION audit_prune(month date, context jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER {PINNED} SET lock_timeout = '500ms' AS $audit$
DECLARE
    f {TABLE} := audit_frame(context, 'audit', 'auditevent');
    holds uuid[];
    told jsonb;
    is_sealed boolean;
    wanted jsonb;
    outcome text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audit_create_partitions'));
    IF to_regclass('public.{TABLE}_' || to_char(month, '"y"YYYY"m"MM')) IS NULL OR date_part('day', month) <> 1 THEN
        RAISE EXCEPTION 'The trail has no such month.' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF EXISTS (SELECT FROM audit_alert a WHERE a.rule = 'verify' AND a.state <> 'explained') THEN
        RAISE EXCEPTION 'The log did not verify, and nobody has explained why.'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    SELECT e.additional_data -> 'gone', EXISTS (SELECT FROM audit_auditleaf l WHERE l.event = e.id)
    INTO told, is_sealed
    FROM {TABLE} e
    WHERE e.content_type_id = f.content_type_id AND e.object_pk = to_char(month, 'YYYY-MM') AND e.action = 14
    ORDER BY e."timestamp" DESC, e.id DESC LIMIT 1;
    IF NOT is_sealed THEN
        RETURN 'waiting';
    END IF;
    holds := ARRAY(SELECT h.id FROM audit_legalhold h WHERE h.released_at IS NULL);
    CREATE TEMP TABLE audit_going ON COMMIT DROP AS
        SELECT d.event, d.label, d.sequence FROM audit_due(month) AS d WHERE d.hold IS NULL;
    ANALYZE audit_going;
    SELECT coalesce(jsonb_agg(jsonb_build_array(runs.first, runs.last) ORDER BY runs.first), '[]') INTO wanted
    FROM (
        SELECT min(place) AS first, max(place) AS last
        FROM (
            SELECT place, place - row_number() OVER (ORDER BY place) AS run
            FROM (
                SELECT g.sequence AS place FROM audit_going g
                UNION ALL
                SELECT l.sequence FROM jsonb_array_elements(coalesce(told, '[]')) AS r,
                    generate_series((r ->> 0)::bigint, (r ->> 1)::bigint) AS said
                JOIN audit_auditleaf l ON l.sequence = said
                WHERE l.line = ''
            ) AS places
        ) AS numbered
        GROUP BY run
    ) AS runs;
    IF EXISTS (SELECT FROM audit_going g WHERE g.sequence IS NULL) THEN
        outcome := 'unsealed';
    ELSIF wanted <> coalesce(told, '[]') THEN
        PERFORM audit_announce_pruning(month, wanted, f);
        outcome := 'announced';
    ELSIF EXISTS (SELECT FROM audit_going) THEN
        PERFORM audit_carry_out_pruning(month, holds);
        outcome := 'pruned';
    ELSE
        outcome := 'nothing';
    END IF;
    DROP TABLE audit_going;
    RETURN outcome;
END
$audit$;
"""  # noqa: S608

PRUNING = f"""
-- A sealed entry is never changed. It forgets its salts when they are erased, and its line when it is pruned.
CREATE FUNCTION audit_leaf_only_forgets() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $audit$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.sequence = OLD.sequence AND NEW.event = OLD.event AND NEW.hash = OLD.hash
        AND NEW.line IN (OLD.line, '') AND NEW.reason_salt IN (OLD.reason_salt, '')
        AND NEW.address_salt IN (OLD.address_salt, '')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'An audit entry is never changed or deleted.' USING ERRCODE = 'insufficient_privilege';
END
$audit$;

CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_auditleaf
    FOR EACH ROW EXECUTE FUNCTION audit_leaf_only_forgets();

-- The kinds whose period is over for all of a month, and why.
CREATE FUNCTION audit_over(month date) RETURNS TABLE (id integer, label text, keep text, law text)
LANGUAGE sql STABLE SECURITY DEFINER {PINNED} AS $audit$
    SELECT t.id, t.label, p.keep, p.law
    FROM (SELECT id, app_label || '.' || model AS label FROM django_content_type) AS t
    CROSS JOIN LATERAL (
        SELECT * FROM audit_keepingperiod p WHERE p.model IN ('', t.label) ORDER BY p.model DESC LIMIT 1
    ) AS p
    WHERE month + interval '1 month' + p.keep::interval <= now() AT TIME ZONE 'UTC'
$audit$;

-- The entries of a month whose period is over, where they stand in the log, and the hold that keeps one back.
CREATE FUNCTION audit_due(month date) RETURNS TABLE (event bigint, label text, sequence bigint, hold uuid)
LANGUAGE sql STABLE SECURITY DEFINER {PINNED} AS $audit$
    SELECT e.id, k.label, l.sequence, h.id
    FROM audit_over(month) AS k
    JOIN {TABLE} e ON e.content_type_id = k.id
    LEFT JOIN audit_auditleaf l ON l.event = e.id
    LEFT JOIN LATERAL (
        SELECT h.id FROM audit_legalhold h
        WHERE {COVERS}
        ORDER BY h.id LIMIT 1
    ) AS h ON true
    WHERE e."timestamp" >= month::timestamp AT TIME ZONE 'UTC'
        AND e."timestamp" < (month + interval '1 month') AT TIME ZONE 'UTC' AND e.action NOT IN ({FOR_EVER})
$audit$;

-- Says in the log what will be gone of a month: all of it, what went before included.
CREATE FUNCTION audit_announce_pruning(month date, gone jsonb, f {TABLE}) RETURNS void
LANGUAGE plpgsql {PINNED} AS $audit$
BEGIN
    IF EXISTS (
        SELECT FROM audit_going g JOIN audit_auditleaf l ON l.sequence = g.sequence
        WHERE sha256('\\x00'::bytea || l.line) <> l.hash)
    THEN
        RAISE EXCEPTION 'What would be pruned is not what was sealed: run `audit verify`.'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    INSERT INTO {TABLE} (
        "timestamp", txid, content_type_id, action, object_pk, changes, personal, additional_data, source, actor_id,
        cid, remote_addr, reason, batch, db_user, application_name
    )
    SELECT f."timestamp", f.txid, f.content_type_id, 14, to_char(month, 'YYYY-MM'), f.changes, f.personal,
        jsonb_build_object(
            'gone', gone,
            'entries', (SELECT coalesce(jsonb_object_agg(c.label, c.number), '{{}}')
                FROM (SELECT g.label, count(*) AS number FROM audit_going g GROUP BY g.label) AS c),
            'grounds', (SELECT coalesce(jsonb_object_agg(k.label, jsonb_build_array(k.keep, k.law)), '{{}}')
                FROM audit_over(month) AS k WHERE k.label IN (SELECT g.label FROM audit_going g)),
            'checkpoint', (SELECT jsonb_build_array(c.size, split_part(c.note, E'\\n', 3)) FROM audit_auditcheckpoint c
                WHERE c.size > (SELECT max(g.sequence) FROM audit_going g) ORDER BY c.size, c.id LIMIT 1)),
        f.source, f.actor_id, f.cid, f.remote_addr, f.reason, f.batch, f.db_user, f.application_name;
END
$audit$;

-- Lets the entries of `audit_going` go: their lines, and the month's partition, in whose place one with the rest comes.
CREATE FUNCTION audit_carry_out_pruning(month date, holds uuid[]) RETURNS void
LANGUAGE plpgsql {PINNED} AS $audit$
DECLARE
    partition text := '{TABLE}_' || to_char(month, '"y"YYYY"m"MM');
    rest text := partition || '_rest';
    since timestamptz := month::timestamp AT TIME ZONE 'UTC';
    until timestamptz := (month + interval '1 month') AT TIME ZONE 'UTC';
    is_rest boolean;
BEGIN
    -- A redaction waits, so that none is lost in the copy. Whoever reads or writes today's entries does not.
    EXECUTE format('LOCK TABLE %I IN SHARE MODE', partition);
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %I e WHERE NOT EXISTS (SELECT FROM audit_going g WHERE g.event = e.id))', partition
    ) INTO is_rest;
    IF is_rest THEN
        EXECUTE format(
            'CREATE TABLE %I (LIKE {TABLE} INCLUDING CONSTRAINTS INCLUDING INDEXES,
                CHECK ("timestamp" >= %L AND "timestamp" < %L))', rest, since, until
        );
        EXECUTE format(
            'INSERT INTO %I SELECT e.* FROM {TABLE} e WHERE e."timestamp" >= %L AND e."timestamp" < %L
                AND NOT EXISTS (SELECT FROM audit_going g WHERE g.event = e.id)', rest, since, until
        );
    END IF;
    UPDATE audit_auditleaf l SET line = '', reason_salt = '', address_salt = ''
    FROM audit_going g WHERE l.sequence = g.sequence;
    FOR attempt IN 1..20 LOOP
        BEGIN
            LOCK TABLE audit_legalhold IN SHARE MODE;
            LOCK TABLE ONLY {TABLE} IN ACCESS EXCLUSIVE MODE;
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            IF attempt = 20 THEN
                RAISE;
            END IF;
            PERFORM pg_sleep(0.5);
        END;
    END LOOP;
    IF EXISTS (SELECT FROM audit_legalhold h WHERE h.released_at IS NULL AND h.id <> ALL(holds)) THEN
        RAISE EXCEPTION 'A hold was set meanwhile.' USING ERRCODE = 'lock_not_available';
    END IF;
    EXECUTE format('DROP TABLE %I', partition);
    IF is_rest THEN
        EXECUTE format('ALTER TABLE %I RENAME TO %I', rest, partition);
        EXECUTE format('ALTER TABLE {TABLE} ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition, since, until);
    END IF;
END
$audit$;

{STEP}
REVOKE ALL ON FUNCTION audit_leaf_only_forgets(), audit_over(date), audit_due(date),
    audit_announce_pruning(date, jsonb, {TABLE}), audit_carry_out_pruning(date, uuid[]), audit_prune(date, jsonb)
    FROM PUBLIC;
"""  # noqa: S608

WITHOUT_PRUNING = f"""
CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_auditleaf
    FOR EACH ROW EXECUTE FUNCTION audit_only_forget();
DROP FUNCTION audit_prune(date, jsonb), audit_carry_out_pruning(date, uuid[]),
    audit_announce_pruning(date, jsonb, {TABLE}), audit_due(date), audit_over(date), audit_leaf_only_forgets();
"""

ALL_MONTHS = f"""
-- This month's partition and the next ones, and those of months that entries wait for in the default partition. Nothing
-- is pruned from there, so that no month may be left behind.
CREATE OR REPLACE FUNCTION audit_create_partitions(ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $audit$
DECLARE
    month timestamp;
    partition text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audit_create_partitions'));
    FOREACH month IN ARRAY ARRAY(
        SELECT date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + make_interval(months => n)
        FROM generate_series(0, least(ahead, 24)) AS n
        UNION
        SELECT date_trunc('month', e."timestamp" AT TIME ZONE 'UTC') FROM {TABLE}_default e
        ORDER BY 1
    ) LOOP
        partition := '{TABLE}_' || to_char(month, '"y"YYYY"m"MM');
        CONTINUE WHEN to_regclass('public.' || partition) IS NOT NULL;
        LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE;
        CREATE TEMP TABLE audit_waiting ON COMMIT DROP AS SELECT * FROM {TABLE}_default
            WHERE "timestamp" >= month AT TIME ZONE 'UTC'
                AND "timestamp" < (month + interval '1 month') AT TIME ZONE 'UTC';
        IF EXISTS (SELECT FROM audit_waiting) THEN
            ALTER TABLE {TABLE}_default DISABLE TRIGGER audit_append_only;
            DELETE FROM {TABLE}_default WHERE id IN (SELECT id FROM audit_waiting);
            ALTER TABLE {TABLE}_default ENABLE TRIGGER audit_append_only;
        END IF;
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF {TABLE} FOR VALUES FROM (%L) TO (%L)',
            partition, month::text || '+00', (month + interval '1 month')::text || '+00'
        );
        INSERT INTO {TABLE} OVERRIDING SYSTEM VALUE SELECT * FROM audit_waiting;
        DROP TABLE audit_waiting;
        made := made + 1;
    END LOOP;
    RETURN made;
END
$audit$;
"""  # noqa: S608

_UNLESS_HELD = f"""    LOCK TABLE audit_legalhold IN SHARE MODE;
    SELECT h.id INTO keeping
    FROM jsonb_object_keys(erased) AS asked
    JOIN {TABLE} e ON e.id = asked::bigint
    JOIN (SELECT id, app_label || '.' || model AS label FROM django_content_type) AS k ON k.id = e.content_type_id
    JOIN audit_legalhold h ON {COVERS}
    ORDER BY h.id LIMIT 1;
    IF keeping IS NOT NULL THEN
        RAISE EXCEPTION 'A legal hold keeps these entries.'
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = keeping;
    END IF;
"""  # noqa: S608
HELD = redacting(_UNLESS_HELD)
