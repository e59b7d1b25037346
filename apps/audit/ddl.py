"""Changes of the schema as entries: an event trigger that a superuser installs, because nobody else may.

Kept are the command, the kind and the name of what it was about, and which of our triggers it left switched off. The
text of the command stays out: anything may stand in it.
"""

from django.db import connection

from apps.audit.sql import PINNED, TABLE
from apps.kernel.trail import Action


def _entries(objects: str, disabled: str) -> str:
    return f"""INSERT INTO {TABLE} (
            "timestamp", txid, content_type_id, action, object_pk, changes, personal, additional_data, source, actor_id,
            cid, remote_addr, reason, batch, db_user, application_name)
        SELECT f."timestamp", f.txid, f.content_type_id, {Action.DDL.value}, left(coalesce(o.object_identity, ''), 255),
            f.changes, f.personal, jsonb_strip_nulls(jsonb_build_object(
                'command', TG_TAG, 'type', o.object_type, 'disabled', {disabled})),
            f.source, f.actor_id, f.cid, f.remote_addr, f.reason, f.batch, f.db_user, f.application_name
        FROM {objects}"""  # noqa: S608


_DISABLED = r"""(SELECT jsonb_agg(t.tgname ORDER BY t.tgname) FROM pg_trigger t
                    WHERE o.classid = 'pg_class'::regclass AND t.tgrelid = o.objid AND t.tgenabled IN ('D', 'R')
                        AND t.tgname LIKE 'audit\_%')"""
BODY = f"""
DECLARE
    f {TABLE} := audit_frame('audit', 'auditevent');
BEGIN
    IF TG_EVENT = 'sql_drop' THEN
        {_entries("pg_event_trigger_dropped_objects() AS o", "NULL::jsonb")}
        WHERE o.original AND NOT o.is_temporary;
    ELSE
        {_entries("pg_event_trigger_ddl_commands() AS o", _DISABLED)}
        WHERE o.schema_name IS DISTINCT FROM 'pg_temp';
    END IF;
END
"""
EVENTS = {"audit_ddl": "ddl_command_end", "audit_drop": "sql_drop"}
INSTALL = f"""
DROP EVENT TRIGGER IF EXISTS audit_ddl;
DROP EVENT TRIGGER IF EXISTS audit_drop;
CREATE OR REPLACE FUNCTION audit_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER {PINNED}
AS $audit${BODY}$audit$;
REVOKE ALL ON FUNCTION audit_ddl() FROM PUBLIC;
CREATE EVENT TRIGGER audit_ddl ON ddl_command_end EXECUTE FUNCTION audit_ddl();
CREATE EVENT TRIGGER audit_drop ON sql_drop EXECUTE FUNCTION audit_ddl();
ALTER EVENT TRIGGER audit_ddl ENABLE ALWAYS;
ALTER EVENT TRIGGER audit_drop ENABLE ALWAYS;
"""
_INSTALLED = """
SELECT p.prosrc, t.evtname, t.evtevent, t.evtenabled::text
FROM pg_proc p LEFT JOIN pg_event_trigger t ON t.evtfoid = p.oid
WHERE p.proname = 'audit_ddl' AND p.pronamespace = 'public'::regnamespace
"""


def recording() -> tuple[bool, str]:
    """Whether changes of the schema are recorded; and what is wrong where they once were and are no more."""
    with connection.cursor() as cursor:
        cursor.execute(_INSTALLED)
        rows = cursor.fetchall()
    if not rows:
        return False, ""
    whole = {(BODY, name, event, "A") for name, event in EVENTS.items()} == set(rows)
    return whole, "" if whole else "Changes of the schema are not recorded any more: run `manage.py audit ddl --sql`."
