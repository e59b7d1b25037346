"""The database's own part of the trail: the partitioned table, its guard, and the functions that may write to it.

Every function belongs to the owner, runs with the owner's rights and a pinned search path, and nobody else may attach
one to a table of his own: execution is granted singly (`apps.audit.grants`).
"""

TABLE = "audit_auditevent"
PINNED = "SET search_path = public, pg_temp"

PARTITION = f"""
CREATE TABLE audit_partitioned (LIKE {TABLE} INCLUDING IDENTITY) PARTITION BY RANGE ("timestamp");
DROP TABLE {TABLE};
ALTER TABLE audit_partitioned RENAME TO {TABLE};
ALTER SEQUENCE audit_partitioned_id_seq RENAME TO {TABLE}_id_seq;
ALTER TABLE {TABLE} ADD PRIMARY KEY (id, "timestamp");
CREATE TABLE {TABLE}_default PARTITION OF {TABLE} DEFAULT;
"""

FUNCTIONS = f"""
CREATE FUNCTION audit_content_type(app text, name text) RETURNS integer LANGUAGE plpgsql {PINNED} AS $audit$
DECLARE
    found integer;
BEGIN
    SELECT id INTO found FROM django_content_type WHERE app_label = app AND model = name;
    IF found IS NULL THEN
        INSERT INTO django_content_type (app_label, model) VALUES (app, name) ON CONFLICT DO NOTHING;
        SELECT id INTO found FROM django_content_type WHERE app_label = app AND model = name;
    END IF;
    RETURN found;
END
$audit$;

-- An entry with everything in it that does not depend on the row: who, from where, why, when.
CREATE FUNCTION audit_frame(context jsonb, app text, name text) RETURNS {TABLE} LANGUAGE plpgsql {PINNED} AS $audit$
DECLARE
    f {TABLE};
BEGIN
    f."timestamp" := clock_timestamp();
    f.txid := pg_current_xact_id();
    f.content_type_id := audit_content_type(app, name);
    f.source := left(coalesce(context ->> 'source', 'database'), 100);
    f.actor_id := (context ->> 'actor')::uuid;
    f.cid := left(coalesce(context ->> 'request', ''), 64);
    f.remote_addr := (context ->> 'address')::inet;
    f.reason := coalesce(context ->> 'reason', '');
    f.batch := left(coalesce(context ->> 'batch', ''), 64);
    f.db_user := session_user;
    f.application_name := current_setting('application_name');
    f.changes := '{{}}';
    f.personal := '{{}}';
    f.additional_data := '{{}}';
    RETURN f;
END
$audit$;

-- What the trigger of a table calls: the frame with the context that the write carried.
CREATE FUNCTION audit_frame(app text, name text) RETURNS {TABLE} LANGUAGE sql {PINNED}
RETURN audit_frame(coalesce(nullif(current_setting('audit.ctx', true), ''), '{{}}')::jsonb, app, name);

-- Acts that change no row. What triggers and redaction write cannot be written here.
CREATE FUNCTION audit_record(act smallint, label text, objects text[], details jsonb, context jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $audit$
DECLARE
    f {TABLE};
BEGIN
    IF act NOT BETWEEN 3 AND 10 AND act <> 13 THEN
        RAISE EXCEPTION 'Action % is written by the database alone.', act USING ERRCODE = 'insufficient_privilege';
    END IF;
    f := audit_frame(context, split_part(lower(label), '.', 1), split_part(lower(label), '.', 2));
    INSERT INTO {TABLE} (
        "timestamp", txid, content_type_id, action, object_pk, changes, personal, additional_data, source, actor_id,
        cid, remote_addr, reason, batch, db_user, application_name
    )
    SELECT f."timestamp", f.txid, f.content_type_id, act, left(key, 255), f.changes, f.personal, details, f.source,
        f.actor_id, f.cid, f.remote_addr, f.reason, f.batch, f.db_user, f.application_name
    FROM unnest(CASE WHEN cardinality(objects) = 0 THEN ARRAY[''] ELSE objects END) AS key;
END
$audit$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $audit$
BEGIN
    RAISE EXCEPTION 'An audit entry is never changed or deleted.' USING ERRCODE = 'insufficient_privilege';
END
$audit$;

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION audit_refuse();

-- This month's partition and the next ones. Entries that waited in the default partition move to their month.
CREATE FUNCTION audit_create_partitions(ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $audit$
DECLARE
    month timestamp;
    partition text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audit_create_partitions'));
    FOR month IN
        SELECT date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + make_interval(months => n)
        FROM generate_series(0, least(ahead, 24)) AS n
    LOOP
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

REVOKE ALL ON FUNCTION audit_content_type(text, text), audit_frame(jsonb, text, text), audit_frame(text, text),
    audit_record(smallint, text, text[], jsonb, jsonb), audit_refuse(), audit_create_partitions(integer) FROM PUBLIC;
"""  # noqa: S608

FIRST_PARTITIONS = "SELECT audit_create_partitions(3)"

REMOVE = f"""
DROP TRIGGER audit_append_only ON {TABLE};
DROP FUNCTION audit_refuse(), audit_record(smallint, text, text[], jsonb, jsonb), audit_create_partitions(integer),
    audit_frame(text, text), audit_frame(jsonb, text, text), audit_content_type(text, text);
"""

SEALED = ("audit_auditleaf", "audit_audittile", "audit_auditcheckpoint")
GUARD_SEAL = "".join(
    f"CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_refuse();"
    for table in SEALED
)
UNGUARD_SEAL = "".join(f"DROP TRIGGER audit_append_only ON {table};" for table in SEALED)


def redacting(check: str = "") -> str:
    return f"""
-- The one way to erase: `erased` is an object of entries, each with the names of the fields that go. It says so itself.
CREATE OR REPLACE FUNCTION audit_redact(erased jsonb, ground text, context jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $audit$
DECLARE
    f {TABLE} := audit_frame(context, 'audit', 'auditevent');
    gone jsonb;
    counted integer;
    keeping uuid;
BEGIN
{check}    IF ground = '' THEN
        RAISE EXCEPTION 'A redaction states its ground.' USING ERRCODE = 'check_violation';
    END IF;
    SELECT jsonb_object_agg(held.id, held.fields), sum(jsonb_array_length(held.fields)) INTO gone, counted
    FROM (
        SELECT e.id, jsonb_agg(wanted.field) AS fields
        FROM jsonb_each(erased) AS asked, jsonb_array_elements_text(asked.value) AS wanted (field), {TABLE} e
        WHERE e.id = asked.key::bigint AND CASE wanted.field
            WHEN '@reason' THEN e.reason <> ''
            WHEN '@address' THEN e.remote_addr IS NOT NULL
            ELSE e.personal ? wanted.field END
        GROUP BY e.id
    ) AS held;
    IF gone IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE {TABLE} e SET
        personal = e.personal - ARRAY(SELECT jsonb_array_elements_text(asked.value)),
        reason = CASE WHEN asked.value ? '@reason' THEN '' ELSE e.reason END,
        remote_addr = CASE WHEN asked.value ? '@address' THEN NULL ELSE e.remote_addr END
    FROM jsonb_each(gone) AS asked WHERE e.id = asked.key::bigint;
    UPDATE audit_auditleaf l SET
        reason_salt = CASE WHEN asked.value ? '@reason' THEN '' ELSE l.reason_salt END,
        address_salt = CASE WHEN asked.value ? '@address' THEN '' ELSE l.address_salt END
    FROM jsonb_each(gone) AS asked
    WHERE l.event = asked.key::bigint AND (asked.value ? '@reason' OR asked.value ? '@address');
    INSERT INTO {TABLE} (
        "timestamp", txid, content_type_id, action, object_pk, changes, personal, additional_data, source, actor_id,
        cid, remote_addr, reason, batch, db_user, application_name
    ) VALUES (
        f."timestamp", f.txid, f.content_type_id, 11, '', f.changes, f.personal,
        jsonb_build_object('ground', ground, 'values', counted, 'erased', gone), f.source, f.actor_id, f.cid,
        f.remote_addr, f.reason, f.batch, f.db_user, f.application_name
    );
    RETURN counted;
END
$audit$;
"""  # noqa: S608


REDACTION = f"""
-- What may become of an entry or a leaf: personal values go, nothing else changes and nothing comes.
CREATE FUNCTION audit_only_forget() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $audit$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    forgettable text[] := ARRAY['personal', 'reason', 'remote_addr', 'reason_salt', 'address_salt'];
BEGIN
    IF TG_OP = 'UPDATE' AND after - forgettable = before - forgettable
        AND NOT EXISTS (
            SELECT FROM jsonb_each(after) AS a WHERE a.key = ANY(forgettable) AND a.key <> 'personal'
                AND a.value NOT IN ('""'::jsonb, 'null'::jsonb, before -> a.key))
        AND NOT EXISTS (
            SELECT FROM jsonb_each(after -> 'personal') AS a
            WHERE a.value IS DISTINCT FROM before -> 'personal' -> a.key)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'An audit entry is never changed or deleted.' USING ERRCODE = 'insufficient_privilege';
END
$audit$;

CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION audit_only_forget();
CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_auditleaf
    FOR EACH ROW EXECUTE FUNCTION audit_only_forget();

{redacting()}
REVOKE ALL ON FUNCTION audit_only_forget(), audit_redact(jsonb, text, jsonb) FROM PUBLIC;
"""  # noqa: S608

WITHOUT_REDACTION = f"""
CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_auditleaf
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
DROP FUNCTION audit_redact(jsonb, text, jsonb), audit_only_forget();
"""

REFUSALS_A_MINUTE = 20
BOUNDED = f"""
-- Acts that change no row. What triggers and redaction write cannot be written here. Of the refusals of one actor in
-- one minute the first are entries and the others are counted, so that nobody can fill the trail by asking.
CREATE OR REPLACE FUNCTION audit_record(act smallint, label text, objects text[], details jsonb, context jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $audit$
DECLARE
    f {TABLE};
    refused integer;
BEGIN
    IF act NOT BETWEEN 3 AND 10 AND act <> 13 THEN
        RAISE EXCEPTION 'Action % is written by the database alone.', act USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF act = 8 THEN
        INSERT INTO audit_refusalcount AS known (who, minute, count)
        VALUES (left(coalesce(context ->> 'actor', ''), 36), date_trunc('minute', clock_timestamp()), 1)
        ON CONFLICT (minute, who) DO UPDATE SET count = known.count + 1 RETURNING count INTO refused;
        IF refused > {REFUSALS_A_MINUTE} THEN
            RETURN;
        END IF;
    END IF;
    f := audit_frame(context, split_part(lower(label), '.', 1), split_part(lower(label), '.', 2));
    INSERT INTO {TABLE} (
        "timestamp", txid, content_type_id, action, object_pk, changes, personal, additional_data, source, actor_id,
        cid, remote_addr, reason, batch, db_user, application_name
    )
    SELECT f."timestamp", f.txid, f.content_type_id, act, left(key, 255), f.changes, f.personal, details, f.source,
        f.actor_id, f.cid, f.remote_addr, f.reason, f.batch, f.db_user, f.application_name
    FROM unnest(CASE WHEN cardinality(objects) = 0 THEN ARRAY[''] ELSE objects END) AS key;
END
$audit$;

-- One entry for each actor and minute with more refusals than were entered one by one. Returns how many it made.
CREATE FUNCTION audit_sum_refusals(context jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $audit$
DECLARE
    f {TABLE};
    over record;
    made integer := 0;
BEGIN
    FOR over IN
        DELETE FROM audit_refusalcount WHERE minute < date_trunc('minute', clock_timestamp()) RETURNING *
    LOOP
        CONTINUE WHEN over.count <= {REFUSALS_A_MINUTE};
        f := audit_frame(context || jsonb_build_object('actor', nullif(over.who, '')), 'accounts', 'user');
        INSERT INTO {TABLE} (
            "timestamp", txid, content_type_id, action, object_pk, changes, personal, additional_data, source,
            actor_id, cid, remote_addr, reason, batch, db_user, application_name
        ) VALUES (
            f."timestamp", f.txid, f.content_type_id, 8, '', f.changes, f.personal,
            jsonb_build_object('more', over.count - {REFUSALS_A_MINUTE}, 'minute', over.minute), f.source,
            f.actor_id, f.cid, f.remote_addr, f.reason, f.batch, f.db_user, f.application_name
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END
$audit$;

REVOKE ALL ON FUNCTION audit_sum_refusals(jsonb) FROM PUBLIC;
"""  # noqa: S608

UNBOUNDED = f"""
DROP FUNCTION audit_sum_refusals(jsonb);
-- Acts that change no row. What triggers and redaction write cannot be written here.
CREATE OR REPLACE FUNCTION audit_record(act smallint, label text, objects text[], details jsonb, context jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $audit$
DECLARE
    f {TABLE};
BEGIN
    IF act NOT BETWEEN 3 AND 10 AND act <> 13 THEN
        RAISE EXCEPTION 'Action % is written by the database alone.', act USING ERRCODE = 'insufficient_privilege';
    END IF;
    f := audit_frame(context, split_part(lower(label), '.', 1), split_part(lower(label), '.', 2));
    INSERT INTO {TABLE} (
        "timestamp", txid, content_type_id, action, object_pk, changes, personal, additional_data, source, actor_id,
        cid, remote_addr, reason, batch, db_user, application_name
    )
    SELECT f."timestamp", f.txid, f.content_type_id, act, left(key, 255), f.changes, f.personal, details, f.source,
        f.actor_id, f.cid, f.remote_addr, f.reason, f.batch, f.db_user, f.application_name
    FROM unnest(CASE WHEN cardinality(objects) = 0 THEN ARRAY[''] ELSE objects END) AS key;
END
$audit$;
"""  # noqa: S608

BOUNDED_SIGN_INS = f"""
-- Acts that change no row. What triggers and redaction write cannot be written here. Of what one actor is refused in
-- one minute, and of the failures to sign in to one account, the first are entries and the others are counted, so that
-- nobody can fill the trail by asking. All accounts that nobody has are one.
CREATE OR REPLACE FUNCTION audit_record(act smallint, label text, objects text[], details jsonb, context jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $audit$
DECLARE
    f {TABLE};
    times integer;
BEGIN
    IF act NOT BETWEEN 3 AND 10 AND act <> 13 THEN
        RAISE EXCEPTION 'Action % is written by the database alone.', act USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF act IN (7, 8) THEN
        INSERT INTO audit_refusalcount AS known (who, action, minute, count)
        VALUES (
            left(coalesce(CASE act WHEN 7 THEN objects[1] ELSE context ->> 'actor' END, ''), 36), act,
            date_trunc('minute', clock_timestamp()), 1)
        ON CONFLICT (minute, who, action) DO UPDATE SET count = known.count + 1 RETURNING count INTO times;
        IF times > {REFUSALS_A_MINUTE} THEN
            RETURN;
        END IF;
    END IF;
    f := audit_frame(context, split_part(lower(label), '.', 1), split_part(lower(label), '.', 2));
    INSERT INTO {TABLE} (
        "timestamp", txid, content_type_id, action, object_pk, changes, personal, additional_data, source, actor_id,
        cid, remote_addr, reason, batch, db_user, application_name
    )
    SELECT f."timestamp", f.txid, f.content_type_id, act, left(key, 255), f.changes, f.personal, details, f.source,
        f.actor_id, f.cid, f.remote_addr, f.reason, f.batch, f.db_user, f.application_name
    FROM unnest(CASE WHEN cardinality(objects) = 0 THEN ARRAY[''] ELSE objects END) AS key;
END
$audit$;

-- One entry for each count with more than were entered one by one. Returns how many it made.
CREATE OR REPLACE FUNCTION audit_sum_refusals(context jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $audit$
DECLARE
    f {TABLE};
    over record;
    made integer := 0;
BEGIN
    FOR over IN
        DELETE FROM audit_refusalcount WHERE minute < date_trunc('minute', clock_timestamp()) RETURNING *
    LOOP
        CONTINUE WHEN over.count <= {REFUSALS_A_MINUTE};
        f := audit_frame(
            context || jsonb_build_object('actor', CASE over.action WHEN 8 THEN nullif(over.who, '') END),
            'accounts', 'user');
        INSERT INTO {TABLE} (
            "timestamp", txid, content_type_id, action, object_pk, changes, personal, additional_data, source,
            actor_id, cid, remote_addr, reason, batch, db_user, application_name
        ) VALUES (
            f."timestamp", f.txid, f.content_type_id, over.action, CASE over.action WHEN 7 THEN over.who ELSE '' END,
            f.changes, f.personal,
            jsonb_build_object('more', over.count - {REFUSALS_A_MINUTE}, 'minute', over.minute), f.source,
            f.actor_id, f.cid, f.remote_addr, f.reason, f.batch, f.db_user, f.application_name
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END
$audit$;
"""  # noqa: S608

WITHOUT_SALTS = """
-- The personal pairs [old, new] as reports tell them. Whoever knew a salt could guess an erased value.
CREATE FUNCTION audit_without_salts(personal jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $audit$
DECLARE
    field text;
BEGIN
    FOR field IN SELECT jsonb_object_keys(personal) LOOP
        personal := personal #- ARRAY[field, '0'];
    END LOOP;
    RETURN personal;
END
$audit$;
"""
WITH_SALTS = "DROP FUNCTION audit_without_salts(jsonb);"
