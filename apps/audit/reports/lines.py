"""Entries as CSV or JSON Lines by COPY: PostgreSQL writes them, and memory stays flat however many there are."""

from collections.abc import Iterator
from typing import Any, Literal

from django.core.exceptions import EmptyResultSet
from django.db import connection

from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.kernel.trail import Action

Form = Literal["csv", "jsonl"]
BLOCK = 1 << 16
_OPTIONS: dict[str, str] = {
    "csv": "FORMAT csv, HEADER",
    # JSON escapes every control character, so these two never occur and the lines leave as they are.
    "jsonl": "FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'",
}
_TIME = 'to_char(e."timestamp" AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')'
_ACTIONS = f"(ARRAY[{', '.join(f'{action.name.lower()!r}' for action in Action)}])[e.action + 1]"
_CHANGES = "CASE WHEN e.personal = '{}' THEN e.changes ELSE e.changes || audit_without_salts(e.personal) END"
COLUMNS = {
    "id": ("e.id", "number"),
    "time": (_TIME, "text"),
    "action": (_ACTIONS, "text"),
    "model": ("t.app_label || '.' || t.model", "text"),
    "object": ("e.object_pk", "free"),
    "actor": ("e.actor_id", "text"),
    "source": ("e.source", "free"),
    "request": ("e.cid", "free"),
    "address": ("host(e.remote_addr)", "text"),
    "reason": ("e.reason", "free"),
    "batch": ("e.batch", "free"),
    "unit": ("e.unit_id", "text"),
    "subject": ("e.subject", "text"),
    "changes": (_CHANGES, "json"),
    "details": ("e.additional_data", "json"),
    "database_login": ("e.db_user", "free"),
    "application": ("e.application_name", "free"),
}
"""Each with its expression and what it holds: `free` text may begin as a formula does, `text` never needs an escape."""


def _cell(expression: str, holds: str) -> str:
    """A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a return as a formula."""
    if holds != "free":
        return expression
    return f"CASE WHEN ascii({expression}) IN (9, 13, 43, 45, 61, 64) THEN '''' || {expression} ELSE {expression} END"


def _member(name: str, expression: str, holds: str) -> str:
    value = {
        "number": expression,
        "json": expression,
        "free": f"to_json({expression})",
        "text": f"coalesce('\"' || {expression} || '\"', 'null')",
    }[holds]
    return f"'\"{name}\":', {value}"


def statement(entries: AuditEventQuerySet, selected: str) -> tuple[str, tuple[Any, ...]]:
    """`SELECT …` over these entries from the first to the last; `e` is the entry, `t` its kind."""
    try:
        inner, params = entries.order_by().query.sql_with_params()
    except EmptyResultSet:
        inner, params = f"SELECT * FROM {AuditEvent._meta.db_table} WHERE false", ()  # noqa: S608
    query = (
        f"SELECT {selected.replace('%', '%%')} FROM ({inner}) AS e"  # noqa: S608
        ' JOIN django_content_type t ON t.id = e.content_type_id ORDER BY e."timestamp", e.id'
    )
    return query, params


def _selected_cells() -> str:
    return ", ".join(f'{_cell(*column)} AS "{name}"' for name, column in COLUMNS.items())


def selected_values() -> str:
    """With numbers and moments as such, for a sheet that counts with them."""
    values = {
        name: expression if holds == "number" else f"({expression})::text"
        for name, (expression, holds) in COLUMNS.items()
    }
    values["time"] = 'e."timestamp"'
    return ", ".join(f'{expression} AS "{name}"' for name, expression in values.items())


def _selected_line() -> str:
    members = ", ',', ".join(_member(name, *column) for name, column in COLUMNS.items())
    return f"concat('{{', {members}, '}}')"


def rows(entries: AuditEventQuerySet, form: Form) -> Iterator[bytes]:
    """One by one as the database sends them; of CSV the first one is the heading."""
    query, params = statement(entries, _selected_cells() if form == "csv" else _selected_line())
    copied = connection.ops.compose_sql(f"COPY ({query}) TO STDOUT WITH ({_OPTIONS[form]})", params)  # type: ignore[attr-defined]
    with connection.cursor() as cursor, cursor.copy(copied) as copy:
        for row in copy:
            yield bytes(row)


def blocks(rows: Iterator[bytes]) -> Iterator[bytes]:
    """The same in pieces that are worth sending."""
    block = bytearray()
    for row in rows:
        block += row
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
