"""Reports of any filter, streamed by COPY: memory stays flat however many entries there are."""

from collections.abc import Iterator
from typing import Literal

from django.db import connection

from apps.audit.querysets import AuditEventQuerySet
from apps.kernel.trail import Action, record

Form = Literal["csv", "jsonl"]
CONTENT_TYPES: dict[str, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
_OPTIONS: dict[str, str] = {
    "csv": "FORMAT csv, HEADER",
    # JSON escapes every control character, so these two never occur and the lines leave as they are.
    "jsonl": "FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'",
}
_TEXTS = ("object_pk", "source", "cid", "reason", "batch", "db_user", "application_name")


def _safe(column: str) -> str:
    """A spreadsheet runs a cell that begins like this as a formula."""
    return f"""CASE WHEN e.{column} ~ '^[-=+@\\t\\r]' THEN '''' || e.{column} ELSE e.{column} END"""


def _columns(form: Form) -> dict[str, str]:
    text = {name: _safe(name) if form == "csv" else f"e.{name}" for name in _TEXTS}
    return {
        "id": "e.id",
        "time": 'to_char(e."timestamp" AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')',
        "action": f"CASE e.action {' '.join(f'WHEN {a.value} THEN {a.name.lower()!r}' for a in Action)} END",
        "model": "t.app_label || '.' || t.model",
        "object": text["object_pk"],
        "actor": "e.actor_id",
        "source": text["source"],
        "request": text["cid"],
        "address": "host(e.remote_addr)",
        "reason": text["reason"],
        "batch": text["batch"],
        "unit": "e.unit_id",
        "subject": "e.subject",
        "changes": "e.changes || (SELECT coalesce(jsonb_object_agg(key, value - 0), '{}') FROM jsonb_each(e.personal))",
        "details": "e.additional_data",
        "database_login": text["db_user"],
        "application": text["application_name"],
    }


def stream(entries: AuditEventQuerySet, form: Form) -> Iterator[bytes]:
    """The entries from the first to the last, in the blocks in which the database sends them."""
    inner, params = entries.order_by().query.sql_with_params()
    columns = ", ".join(f'{expression} AS "{name}"' for name, expression in _columns(form).items())
    query = (
        f"SELECT {columns} FROM ({inner}) AS e JOIN django_content_type t ON t.id = e.content_type_id"  # noqa: S608
        ' ORDER BY e."timestamp", e.id'
    ).replace("%s", "\0")
    query = query.replace("%", "%%").replace("\0", "%s")
    if form == "jsonl":
        query = f"SELECT row_to_json(line) FROM ({query}) AS line"  # noqa: S608
    statement = connection.ops.compose_sql(f"COPY ({query}) TO STDOUT WITH ({_OPTIONS[form]})", params)  # type: ignore[attr-defined]
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            yield bytes(block)


def taken(entries: AuditEventQuerySet, form: Form, filters: dict[str, str]) -> Iterator[bytes]:
    """The same, with the entry that says somebody took it; `filters` hold keys and moments only."""
    record(Action.EXPORT, model="audit.auditevent", details={"form": form, "filters": filters})
    return stream(entries, form)
