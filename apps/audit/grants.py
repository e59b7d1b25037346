"""What the run-time role may do, granted after every migration: all of the business, next to nothing of the trail."""

from collections import defaultdict
from typing import Any

from django.db import connections
from psycopg import sql

from apps.audit.sql import SEALED, TABLE

READ_ONLY = {TABLE, "audit_keepingperiod", "audit_refusalcount", "django_migrations"}
RETENTION_ROLE = "steward_retention"
FUNCTIONS = (
    "audit_record(smallint, text, text[], jsonb, jsonb)",
    "audit_create_partitions(integer)",
    "audit_redact(jsonb, text, jsonb)",
    "audit_over(date)",
    "audit_due(date)",
    "audit_sum_refusals(jsonb)",
)
OF_RETENTION = ("audit_prune(date, jsonb)", "audit_over(date)", "audit_due(date)")

_TABLES = """
SELECT c.relname, c.relkind, p.inhparent IS NOT NULL
FROM pg_class c LEFT JOIN pg_inherits p ON p.inhrelid = c.oid AND p.inhparent = to_regclass(%s)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S') AND pg_has_role(c.relowner, 'USAGE')
"""
_MAY_GRANT = """
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)
    AND pg_has_role((SELECT relowner FROM pg_class WHERE oid = to_regclass(%s)), 'USAGE')
"""
_CREATE_ROLE = """
DO $grants$
BEGIN
    CREATE ROLE {role} NOLOGIN;
    GRANT {role} TO CURRENT_USER;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END
$grants$
"""


def grant_runtime_role(*, using: str, **_signal: Any) -> None:
    connection = connections[using]
    role = connection.settings_dict["RUNTIME_ROLE"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
        if not cursor.fetchone()[0]:
            cursor.execute(sql.SQL(_CREATE_ROLE).format(role=sql.Identifier(role)))
        cursor.execute(_TABLES, [TABLE])
        named: dict[str, list[str]] = defaultdict(list)
        for name, kind, is_partition in cursor.fetchall():
            named[_grants(name, kind, is_partition)].append(name)
        for form, names in sorted(named.items()):
            those = sql.SQL(", ").join(map(sql.Identifier, names))
            cursor.execute(sql.SQL(form).format(those=those, role=sql.Identifier(role)))
        for right in ("USAGE ON SCHEMA public", f"EXECUTE ON FUNCTION {', '.join(FUNCTIONS)}"):
            cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.SQL(right), sql.Identifier(role)))


def grant_retention_role(*, using: str, **_signal: Any) -> None:
    """An owner who may make no roles is told by the documentation how to make this one."""
    role = sql.Identifier(RETENTION_ROLE)
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            cursor.execute(sql.SQL(_CREATE_ROLE).format(role=role))
        cursor.execute(_MAY_GRANT, [RETENTION_ROLE, TABLE])
        if cursor.fetchone()[0]:
            for function in OF_RETENTION:
                cursor.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), role))


def _grants(name: str, kind: str, is_partition: bool) -> str:  # noqa: FBT001
    """A statement for all that are alike: one entry each, where changes of the schema are recorded."""
    if kind == "S":
        if name.startswith(TABLE):
            return "REVOKE ALL ON SEQUENCE {those} FROM {role}"
        return "GRANT USAGE, SELECT ON SEQUENCE {those} TO {role}"
    if is_partition:
        return "REVOKE ALL ON {those} FROM {role}"
    if name in READ_ONLY:
        return "REVOKE ALL ON {those} FROM {role}; GRANT SELECT ON {those} TO {role}"
    if name in SEALED:
        return "REVOKE ALL ON {those} FROM {role}; GRANT SELECT, INSERT ON {those} TO {role}"
    return "GRANT SELECT, INSERT, UPDATE, DELETE ON {those} TO {role}"
