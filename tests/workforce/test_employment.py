from datetime import date

import pytest

from apps.events.models import PublishedEvent
from apps.workforce.models import Department, Employee
from apps.workforce.services.employment import (
    ElsewhereInOrganisation,
    HasLeft,
    LeavesBeforeHired,
    ManagerCycle,
    ManagerHasLeft,
    StillAbsent,
    StillLeads,
    assign_manager,
    hire,
    promote,
    terminate,
    transfer,
)

LAST_DAY = date(2026, 3, 31)


def told() -> list[tuple[str, dict]]:
    return list(PublishedEvent.objects.order_by("pk").values_list("name", "payload"))


def test_hiring_tells_the_key_only(unit, boss):
    employee = hire(
        unit=unit, number="E-9", first_name="Anne", last_name="Dodsworth", hired_on=date(2026, 1, 1), reports_to=boss
    )

    assert employee.reports_to == boss
    assert told() == [("workforce.hired", {"employee": str(employee.pk)})]


def test_nobody_is_hired_under_a_manager_who_left(unit, boss):
    Employee.objects.filter(pk=boss.pk).update(left_on=LAST_DAY)

    with pytest.raises(ManagerHasLeft):
        hire(unit=unit, number="E-9", first_name="A", last_name="D", hired_on=date(2026, 1, 1), reports_to=boss)

    assert Employee.objects.count() == 1


def test_a_transfer_changes_the_department(employee, unit):
    purchasing = Department.objects.create(unit=unit, name="Purchasing")

    assert transfer(employee, department=purchasing).department == purchasing
    assert told() == [("workforce.transferred", {"employee": str(employee.pk), "department": str(purchasing.pk)})]


def test_nobody_is_transferred_into_a_department_of_another_unit(employee, other_unit, department):
    elsewhere = Department.objects.create(unit=other_unit, name="Sales")

    with pytest.raises(ElsewhereInOrganisation):
        transfer(employee, department=elsewhere)

    employee.refresh_from_db()
    assert employee.department == department
    assert told() == []


def test_a_promotion_brings_the_title_of_the_position(employee, position):
    promoted = promote(employee, position=position)

    assert (promoted.position, promoted.title) == (position, "Sales Representative")


def test_nobody_reports_to_somebody_below(boss, employee, junior):
    with pytest.raises(ManagerCycle):
        assign_manager(boss, manager=junior)

    boss.refresh_from_db()
    assert boss.reports_to is None
    assert told() == []


def test_nobody_reports_to_himself(boss):
    with pytest.raises(ManagerCycle):
        assign_manager(boss, manager=boss)


def test_a_manager_is_assigned_and_taken_away(boss, junior):
    assert assign_manager(junior, manager=boss).reports_to == boss
    assert assign_manager(junior, manager=None).reports_to is None
    assert [payload["manager"] for _, payload in told()] == [str(boss.pk), None]


def test_who_leads_others_needs_a_successor(employee, junior):
    with pytest.raises(StillLeads):
        terminate(employee, last_day=LAST_DAY)

    employee.refresh_from_db()
    assert employee.left_on is None
    assert told() == []


def test_the_successor_takes_over_the_reports(boss, employee, junior):
    left = terminate(employee, last_day=LAST_DAY, successor=boss)

    junior.refresh_from_db()
    assert left.left_on == LAST_DAY
    assert junior.reports_to == boss
    assert told()[-1] == ("workforce.terminated", {"employee": str(employee.pk), "last_day": "2026-03-31"})


def test_a_successor_from_below_takes_the_place_of_the_leaver(boss, employee, junior, unit):
    other = Employee.objects.create(
        unit=unit, number="E-4", first_name="M", last_name="Peacock", reports_to=employee, hired_on=date(2001, 1, 1)
    )

    terminate(employee, last_day=LAST_DAY, successor=junior)

    junior.refresh_from_db()
    other.refresh_from_db()
    assert (junior.reports_to, other.reports_to) == (boss, junior)


def test_who_waits_for_a_decision_on_an_absence_does_not_leave(employee, absence):
    with pytest.raises(StillAbsent):
        terminate(employee, last_day=LAST_DAY)

    employee.refresh_from_db()
    assert employee.left_on is None


@pytest.mark.parametrize(
    ("last_day", "refusal"), [(date(1990, 1, 1), LeavesBeforeHired)], ids=["before the day of hiring"]
)
def test_the_last_day_is_not_before_the_first(employee, last_day, refusal):
    with pytest.raises(refusal):
        terminate(employee, last_day=last_day)


def test_nothing_is_decided_about_somebody_who_left(employee, department, position):
    terminate(employee, last_day=LAST_DAY)

    for decision in (
        lambda: transfer(employee, department=department),
        lambda: promote(employee, position=position),
        lambda: assign_manager(employee, manager=None),
        lambda: terminate(employee, last_day=LAST_DAY),
    ):
        with pytest.raises(HasLeft):
            decision()
