"""Between two tests that commit: puts the rows back that migrations wrote, and deletes all others.

Django's own empties a hundred tables with five hundred indexes and fills those of migrations anew, for a few rows.
"""

from typing import Any

from django.core.management.commands import flush
from django.db import connection
from psycopg import Connection, sql

MANY = 10_000
_left = {"access_organisationversion"}
"""Its trigger renews it with every change of rights, and with ours."""
_tables: list[str] = []
_kept: dict[str, tuple[list[str], bytes]] = {}


def _driver() -> Connection:
    connection.ensure_connection()
    return connection.connection


def _filled(driver: Connection) -> set[str]:
    has_rows = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table), sql.Identifier(table))
        for table in _tables
    )
    return {table for (table,) in driver.execute(has_rows)}


def remember() -> None:
    """What a freshly migrated database holds."""
    driver = _driver()
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    _tables[:] = sorted({*names} - _left)
    for table in _filled(driver):
        name = sql.Identifier(table)
        digests = [digest for (digest,) in driver.execute(sql.SQL("SELECT md5(t::text) FROM {} t").format(name))]
        with driver.cursor().copy(sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(name)) as rows:
            _kept[table] = digests, b"".join(bytes(row) for row in rows)


def _put_back(driver: Connection, table: str) -> int:
    """Returns how many rows it deleted."""
    name = sql.Identifier(table)
    digests, rows = _kept.get(table, ([], b""))
    others = sql.SQL("DELETE FROM {} t WHERE md5(t::text) <> ALL(%s)").format(name)
    deleted = driver.execute(others, [digests]).rowcount
    if not digests:
        return deleted
    [left] = driver.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone() or [0]
    if left != len(digests):
        driver.execute(sql.SQL("DELETE FROM {}").format(name))
        with driver.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
            copy.write(rows)
    return deleted


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        driver = _driver()
        if not _tables:
            super().handle(**options)
            return
        with driver.transaction():
            driver.execute("SET LOCAL session_replication_role = replica")
            deleted = {table: _put_back(driver, table) for table in sorted(_filled(driver) | _kept.keys())}
        for table, count in deleted.items():
            if count > MANY:
                driver.execute(sql.SQL("VACUUM {}").format(sql.Identifier(table)))
