"""Rows, units and people to measure with, loaded by the database itself with its triggers off."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db import connection

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from apps.customers.models import Customer
from tests.benchmarks import database
from tests.benchmarks.people import key_of

COLUMNS = "id, created_at, updated_at, unit_id, kind, number, name, email, phone, status, credit_limit, credit_currency"
NAMED = "'Name ' || md5(number)"
PHONED = "'+49 30 ' || lpad(substr(number, 3), 7, '0')"


@dataclass(frozen=True)
class Scene:
    """Two units with the customers halved between them, and a manager of the unit above both."""

    north: Unit
    south: Unit
    manager: User
    key: str


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def number_of(query: str, *values: object) -> float:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]


@contextmanager
def triggers_off(table: str) -> Iterator[None]:
    run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    try:
        yield
    finally:
        run(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@contextmanager
def indexes_later(table: str) -> Iterator[None]:
    """Built once over all rows; those of constraints stay."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = %s"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            [table],
        )
        indexes = cursor.fetchall()
    for name, _definition in indexes:
        run(f'DROP INDEX "{name}"')
    yield
    for _name, definition in indexes:
        # Of a partitioned table it is printed as if its parts had none.
        run(definition.replace("%", "%%").replace(" ON ONLY ", " ON "))


def vacuum(*tables: str) -> None:
    for table in tables:
        run(f"VACUUM (ANALYZE) {table}")


def empty() -> None:
    """Nothing but what migrations leave."""
    connection.close()
    database.renew()


def scene() -> Scene:
    company = Unit.objects.create(name="Company", slug="company", path="/company/")
    north, south = (
        Unit.objects.create(name=name, slug=name.lower(), path=f"/company/{name.lower()}/", parent=company)
        for name in ("North", "South")
    )
    manager = User.objects.create_user("manager@example.org")
    Assignment.objects.create(user=manager, role=Group.objects.get(name="customer-manager"), unit=company)
    return Scene(north, south, manager, key_of(manager))


def load_customers(rows: int, units: list[Unit]) -> None:
    """Four of five are active; names are in another order than keys."""
    table = Customer._meta.db_table
    with triggers_off(table), indexes_later(table):
        run(
            f"INSERT INTO {table} ({COLUMNS})"
            " SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, moment, moment,"
            f" (%s::uuid[])[1 + n %% %s], 'organisation', number, {NAMED}, 'c' || n || '@example.org', {PHONED},"
            " CASE n %% 5 WHEN 0 THEN 'dormant' ELSE 'active' END, 1000, 'EUR'"
            " FROM generate_series(1, %s) AS n, LATERAL (SELECT 'C-' || n AS number,"
            " timestamptz '2025-01-01' + n * interval '10 seconds' AS moment) AS made",
            [str(unit.pk) for unit in units],
            len(units),
            rows,
        )
    vacuum(table)


def many_customers(rows: int) -> list[Unit]:
    """Forty units with the customers spread over them; loaded once for the subjects that ask what size does."""
    if Unit.objects.filter(slug="unit-40").exists():
        return list(Unit.objects.exclude(parent=None))
    empty()
    company = Unit.objects.create(name="Company", slug="company", path="/company/")
    units = [
        Unit.objects.create(name=f"Unit {n}", slug=f"unit-{n}", path=f"/company/unit-{n}/", parent=company)
        for n in range(1, 41)
    ]
    load_customers(rows, units)
    return units


def restore(table: str) -> None:
    """Take away what a run added, put back what it changed, and leave no dead rows behind."""
    run(f"DELETE FROM {table} WHERE number LIKE 'N-%%'")
    run(f"UPDATE {table} SET name = {NAMED}, phone = {PHONED}, updated_at = created_at WHERE updated_at > created_at")
    vacuum(table)
