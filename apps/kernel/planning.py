"""Statements that PostgreSQL plans once for each connection instead of once for each request."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg import Cursor


@contextmanager
def planned_once() -> Iterator[None]:
    """For what has one good plan whatever its values, such as a row by its key. Changes of rows are refused inside:
    they carry the context of the trail in front of them, and only a single statement can be planned ahead.
    """
    connection.ensure_connection()
    session = connection.connection
    usual = session.cursor_factory
    session.cursor_factory = Cursor
    try:
        yield
    finally:
        session.cursor_factory = usual
