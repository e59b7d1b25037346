from datetime import date

import pytest

from apps.access.models import Unit
from apps.workforce.models import Absence, Department, Employee, Position


@pytest.fixture
def department(unit: Unit) -> Department:
    return Department.objects.create(unit=unit, name="Sales")


@pytest.fixture
def position(unit: Unit) -> Position:
    return Position.objects.create(unit=unit, title="Sales Representative")


@pytest.fixture
def boss(unit: Unit) -> Employee:
    return Employee.objects.create(
        unit=unit, number="E-2", first_name="Andrew", last_name="Fuller", hired_on=date(1992, 8, 14)
    )


@pytest.fixture
def employee(unit: Unit, boss: Employee, department: Department) -> Employee:
    return Employee.objects.create(
        unit=unit,
        number="E-1",
        first_name="Nancy",
        last_name="Davolio",
        department=department,
        reports_to=boss,
        extension="5467",
        email="nancy@example.org",
        hired_on=date(1992, 5, 1),
        birth_date=date(1968, 12, 8),
        address="507 - 20th Ave. E.",
        city="Seattle",
        home_phone="(206) 555-9857",
        notes="Education includes a BA in psychology.",
    )


@pytest.fixture
def junior(unit: Unit, employee: Employee) -> Employee:
    return Employee.objects.create(
        unit=unit,
        number="E-3",
        first_name="Janet",
        last_name="Leverling",
        reports_to=employee,
        hired_on=date(2000, 4, 1),
    )


@pytest.fixture
def absence(employee: Employee) -> Absence:
    return Absence.objects.create(
        unit=employee.unit,
        employee=employee,
        kind="sickness",
        starts_on=date(2026, 3, 2),
        ends_on=date(2026, 3, 6),
    )
