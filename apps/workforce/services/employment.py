from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from apps.access.models import Unit
from apps.events.bus import publish
from apps.kernel.errors import BusinessError
from apps.workforce.events import (
    EmployeeHired,
    EmployeePromoted,
    EmployeeTerminated,
    EmployeeTransferred,
    ManagerAssigned,
)
from apps.workforce.models import Absence, Department, Employee, Position


class HasLeft(BusinessError):
    """This employee has left. Nothing more can be decided about the employment."""

    code = "has_left"


class ManagerHasLeft(BusinessError):
    """This manager has left. Choose somebody who works here."""

    code = "manager_has_left"


class ManagerCycle(BusinessError):
    """This manager reports to the employee, directly or through others. Choose somebody else."""

    code = "manager_cycle"


class ElsewhereInOrganisation(BusinessError):
    """This belongs to another unit than the employee. Choose one of the employee's unit."""

    code = "elsewhere_in_organisation"


class StillLeads(BusinessError):
    """Others report to this employee. Name a successor."""

    code = "still_leads"


class StillAbsent(BusinessError):
    """Absences are undecided or go on after the last day. Decide or shorten them first."""

    code = "still_absent"


class LeavesBeforeHired(BusinessError):
    """The last day is before the day of hiring."""

    code = "leaves_before_hired"


@transaction.atomic
def hire(*, unit: Unit, reports_to: Employee | None = None, **particulars: Any) -> Employee:
    """`particulars` are fields of the employee. Nobody reports to a newcomer yet, so no circle can arise."""
    if reports_to is not None:
        reports_to = _locked(reports_to)
        if reports_to.has_left:
            raise ManagerHasLeft
    _refuse_elsewhere(unit.pk, reports_to, particulars.get("department"), particulars.get("position"))
    employee = Employee.objects.create(unit=unit, reports_to=reports_to, **particulars)
    publish(EmployeeHired(employee=str(employee.pk)), unit=unit.pk)
    return employee


@transaction.atomic
def transfer(employee: Employee, *, department: Department) -> Employee:
    employee = _employed(employee)
    _refuse_elsewhere(employee.unit_id, department)
    employee.department = department
    employee.save(update_fields=["department", "updated_at"])
    publish(EmployeeTransferred(employee=str(employee.pk), department=str(department.pk)), unit=employee.unit_id)
    return employee


@transaction.atomic
def promote(employee: Employee, *, position: Position) -> Employee:
    """The job title of the position becomes the employee's own."""
    employee = _employed(employee)
    _refuse_elsewhere(employee.unit_id, position)
    employee.position = position
    employee.title = position.title
    employee.save(update_fields=["position", "title", "updated_at"])
    publish(EmployeePromoted(employee=str(employee.pk), position=str(position.pk)), unit=employee.unit_id)
    return employee


@transaction.atomic
def assign_manager(employee: Employee, *, manager: Employee | None) -> Employee:
    """Without a manager the employee stands at the top."""
    _hold_hierarchy()
    employee = _employed(employee)
    if manager is not None:
        manager = _locked(manager)
        _refuse_manager(employee, manager)
    employee.reports_to = manager
    employee.save(update_fields=["reports_to", "updated_at"])
    _tell_manager(employee)
    return employee


@transaction.atomic
def terminate(employee: Employee, *, last_day: date, successor: Employee | None = None) -> Employee:
    """The direct reports go to the successor, who may be one of them."""
    _hold_hierarchy()
    employee = _employed(employee)
    if last_day < employee.hired_on:
        raise LeavesBeforeHired
    if Absence.objects.standing().filter(Q(state="requested") | Q(ends_on__gt=last_day), employee=employee).exists():
        raise StillAbsent
    if successor is not None:
        _hand_over(employee, _locked(successor))
    elif Employee.objects.reporting_to(employee).exists():
        raise StillLeads
    employee.left_on = last_day
    employee.save(update_fields=["left_on", "updated_at"])
    publish(EmployeeTerminated(employee=str(employee.pk), last_day=last_day), unit=employee.unit_id)
    return employee


def _hand_over(employee: Employee, successor: Employee) -> None:
    """A successor from below the leaver first takes the leaver's place, so that no circle arises."""
    if successor.has_left or successor.pk == employee.pk:
        raise ManagerHasLeft
    _refuse_elsewhere(employee.unit_id, successor)
    if employee.pk in _chain_above(successor):
        successor.reports_to_id = employee.reports_to_id
        successor.save(update_fields=["reports_to", "updated_at"])
        _tell_manager(successor)
    for report in Employee.objects.reporting_to(employee).exclude(pk=successor.pk).select_for_update().order_by("pk"):
        report.reports_to = successor
        report.save(update_fields=["reports_to", "updated_at"])
        _tell_manager(report)


def _refuse_manager(employee: Employee, manager: Employee) -> None:
    if manager.has_left:
        raise ManagerHasLeft
    _refuse_elsewhere(employee.unit_id, manager)
    if employee.pk in _chain_above(manager):
        raise ManagerCycle


def _refuse_elsewhere(unit: object, *rows: Employee | Department | Position | None) -> None:
    if any(row is not None and row.unit_id != unit for row in rows):
        raise ElsewhereInOrganisation


def _chain_above(employee: Employee) -> set[object]:
    """The keys of an employee and of everybody above."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE above(id, reports_to_id) AS ("
            " SELECT id, reports_to_id FROM workforce_employee WHERE id = %s"
            " UNION SELECT e.id, e.reports_to_id FROM workforce_employee e JOIN above ON e.id = above.reports_to_id"
            ") SELECT id FROM above",
            [employee.pk],
        )
        return {key for (key,) in cursor.fetchall()}


def _tell_manager(employee: Employee) -> None:
    manager = str(employee.reports_to_id) if employee.reports_to_id else None
    publish(ManagerAssigned(employee=str(employee.pk), manager=manager), unit=employee.unit_id)


def _locked(employee: Employee) -> Employee:
    locked: Employee = Employee.objects.select_for_update().get(pk=employee.pk)
    return locked


def _employed(employee: Employee) -> Employee:
    employee = _locked(employee)
    if employee.has_left:
        raise HasLeft
    return employee


def _hold_hierarchy() -> None:
    """Two changes of who leads whom never interleave: each alone can be right and both together a circle."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('workforce.hierarchy'))")
