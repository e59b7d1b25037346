"""Carries the acting context into the database with the write itself: no extra round trip, nothing left behind."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from psycopg import Copy, ServerCursor, sql

from apps.kernel.trail import current

WRITES = re.compile(
    r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*(?:INSERT|UPDATE|DELETE|MERGE|DO|CALL|EXECUTE|EXPLAIN"
    r"|WITH\b.*\b(?:INSERT|UPDATE|DELETE|MERGE)|(?:CREATE|ALTER|DROP)(?!\s+(?:DATABASE|SYSTEM|TABLESPACE))"
    r"|GRANT|REVOKE|COMMENT|SELECT\s+audit_(?:create_partitions|prune))\b",
    re.IGNORECASE | re.DOTALL,
)
ALONE = re.compile(r"\s*(?:CREATE|DROP|ALTER)\b[^;]*\bCONCURRENTLY\b", re.IGNORECASE)
"""What PostgreSQL takes in no transaction, so in no company either."""
SET = "SELECT set_config('audit.ctx', %s, true)"
SET_SESSION = "SELECT set_config('audit.ctx', %s, false)"


def context_now() -> str:
    """The context as the triggers read it; empty when nobody said who acts, which clears an earlier one."""
    context = current()
    return "" if context is None else orjson.dumps(context.payload()).decode().replace("\\u0000", "")


def carry_context(execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001
    """An execute wrapper (Django's interface) that puts the context in front of every writing statement."""
    cursor = context["cursor"]
    text = statement.as_string(cursor.cursor) if isinstance(statement, sql.Composable) else statement
    if isinstance(cursor.cursor, ServerCursor) or not WRITES.match(text):
        return execute(statement, params, many, context)
    if ALONE.match(text):
        return _alone(execute, statement, params, many, context)
    if many:
        with transaction.atomic(using=context["connection"].alias):
            cursor.cursor.execute(SET, [context_now()])
            return execute(statement, params, many, context)
    literal = "'" + context_now().replace("'", "''") + "'"
    if params is not None:
        literal = literal.replace("%", "%%")
    answer = execute(f"{SET % literal}; {text}", params, many, context)
    cursor.nextset()
    return answer


def _alone(execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001
    """The context is the session's for so long."""
    cursor = context["cursor"].cursor
    cursor.execute(SET_SESSION, [context_now()])
    try:
        return execute(statement, params, many, context)
    finally:
        cursor.execute(SET_SESSION, [""])


@contextmanager
def copying(statement: str, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[Copy]:
    """`COPY … FROM STDIN` as one transaction with its context: the only way for COPY, which no wrapper sees."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(SET, [context_now()])
        with cursor.copy(statement) as copy:
            yield copy
