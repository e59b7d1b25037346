"""Two at once, on real connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.db import connections

from apps.access.models import Unit
from apps.kernel.errors import BusinessError
from apps.workforce.models import Absence, Employee
from apps.workforce.services.absences import request_absence
from apps.workforce.services.employment import assign_manager

pytestmark = pytest.mark.django_db(transaction=True)


def together(*works: Callable[[], object]) -> list[str]:
    """Run all of them at one instant; what each came to: `done` or the code of its refusal."""
    start = Barrier(len(works))

    def run(work: Callable[[], object]) -> str:
        start.wait()
        try:
            work()
        except BusinessError as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return sorted(pool.map(run, works))


@pytest.fixture
def pair() -> list[Employee]:
    unit = Unit.objects.create(name="North", slug="north", path="/north/")
    return [
        Employee.objects.create(unit=unit, number=number, first_name="A", last_name="B", hired_on=date(2020, 1, 1))
        for number in ("E-1", "E-2")
    ]


def test_two_changes_that_are_right_alone_do_not_close_a_circle(pair):
    one, two = pair

    came_to = together(lambda: assign_manager(one, manager=two), lambda: assign_manager(two, manager=one))

    assert came_to == ["done", "manager_cycle"]
    assert Employee.objects.filter(reports_to=None).count() == 1


def test_the_same_days_are_given_once(pair):
    employee = pair[0]
    days = {"kind": "vacation", "starts_on": date(2026, 3, 2), "ends_on": date(2026, 3, 6)}

    came_to = together(*[lambda: request_absence(employee, **days)] * 6)

    assert came_to == ["done"] + ["overlaps"] * 5
    assert Absence.objects.count() == 1
