"""What PostgreSQL plans once for each connection."""

import pytest
from django.db import ProgrammingError, connection, transaction

from apps.access.models import Unit
from apps.kernel.planning import planned_once

PLANNED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s"


@pytest.fixture(autouse=True)
def as_in_the_web(db):
    connection.ensure_connection()
    connection.connection.prepare_threshold = 2
    yield
    connection.connection.prepare_threshold = None


def sum_of(number: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::bigint + 4711", [number])
        return cursor.fetchone()[0]


def planned() -> int:
    with connection.cursor() as cursor:
        cursor.execute(PLANNED, ["SELECT $1::bigint + 4711"])
        return cursor.fetchone()[0]


def test_a_statement_is_planned_once_and_takes_other_values():
    with planned_once():
        found = [sum_of(number) for number in (1, 2, 3, 4)]

    assert found == [4712, 4713, 4714, 4715]
    assert planned() == 1


def test_nothing_is_kept_of_what_is_asked_outside():
    found = [sum_of(number) for number in (1, 2, 3, 4)]

    assert found == [4712, 4713, 4714, 4715]
    assert planned() == 0


def test_a_row_is_not_changed_inside_because_its_context_would_be_lost():
    with pytest.raises(ProgrammingError, match="multiple commands"), transaction.atomic(), planned_once():
        Unit.objects.create(name="North", slug="north", path="/north/")

    assert not Unit.objects.exists()
    Unit.objects.create(name="North", slug="north", path="/north/")
    assert Unit.objects.count() == 1
