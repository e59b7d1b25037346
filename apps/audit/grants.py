"""What the run-time role may do, granted after every migration: all of the business, next to nothing of the trail."""

from typing import Any

from django.db import connections
from psycopg import sql

from apps.audit.sql import SEALED, TABLE

READ_ONLY = {TABLE, "django_migrations"}
FUNCTIONS = (
    "audit_record(smallint, text, text[], jsonb, jsonb)",
    "audit_create_partitions(integer)",
    "audit_redact(jsonb, text, jsonb)",
)

_TABLES = """
SELECT c.relname, c.relkind, p.inhparent IS NOT NULL
FROM pg_class c LEFT JOIN pg_inherits p ON p.inhrelid = c.oid AND p.inhparent = to_regclass(%s)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S') AND pg_has_role(c.relowner, 'USAGE')
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
        statements = [_grants(*row) for row in cursor.fetchall()]
        statements += ["GRANT USAGE ON SCHEMA public TO {role}"]
        statements += [f"GRANT EXECUTE ON FUNCTION {function} TO {{role}}" for function in FUNCTIONS]
        for statement in statements:
            cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role)))


def _grants(name: str, kind: str, is_partition: bool) -> str:  # noqa: FBT001
    if kind == "S":
        if name.startswith(TABLE):
            return f'REVOKE ALL ON SEQUENCE "{name}" FROM {{role}}'
        return f'GRANT USAGE, SELECT ON SEQUENCE "{name}" TO {{role}}'
    if is_partition:
        return f'REVOKE ALL ON "{name}" FROM {{role}}'
    if name in READ_ONLY:
        return f'REVOKE ALL ON "{name}" FROM {{role}}; GRANT SELECT ON "{name}" TO {{role}}'
    if name in SEALED:
        return f'REVOKE ALL ON "{name}" FROM {{role}}; GRANT SELECT, INSERT ON "{name}" TO {{role}}'
    return f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{name}" TO {{role}}'
