"""A believable workforce: departments with a head each, under one head of all."""

from datetime import date, timedelta

from django.utils import timezone
from faker import Faker

from apps.access.models import Unit
from apps.workforce.models import Absence, Department, Employee, EmployeeTerritory, Position, Region, Territory

DEPARTMENTS = {
    "Sales": ("Head of Sales", "Sales Representative"),
    "Purchasing": ("Head of Purchasing", "Buyer"),
    "Warehouse": ("Warehouse Manager", "Warehouse Clerk"),
    "Finance": ("Head of Finance", "Accountant"),
    "People": ("Head of People", "HR Officer"),
}
DIRECTOR = "Managing Director"
REGIONS = ("Eastern", "Western", "Northern", "Southern")
BATCH = 1_000


def load(unit: Unit, faker: Faker, size: int) -> None:
    """One employee for ten of `size`, and never fewer than two in each department."""
    today = timezone.now().date()
    departments = [Department(unit=unit, name=name) for name in DEPARTMENTS]
    positions = {
        title: Position(unit=unit, title=title)
        for title in (DIRECTOR, *(t for pair in DEPARTMENTS.values() for t in pair))
    }
    director = _employee(unit, faker, 1, positions[DIRECTOR], today)
    heads = [
        _employee(unit, faker, number, positions[DEPARTMENTS[department.name][0]], today, department, director)
        for number, department in enumerate(departments, start=2)
    ]
    led = list(zip(departments, heads, strict=True)) * max(1, size // 10 // len(heads))
    staff = [
        _employee(unit, faker, number, positions[DEPARTMENTS[department.name][1]], today, department, head)
        for number, (department, head) in enumerate(led, start=2 + len(heads))
    ]
    Department.objects.bulk_create(departments)
    Position.objects.bulk_create(positions.values())
    for level in ([director], heads, staff):
        Employee.objects.bulk_create(level, batch_size=BATCH)
    _load_territories(unit, faker, [employee for employee in staff if employee.department == departments[0]])
    _load_absences(faker, [director, *heads, *staff], today)


def _employee(
    unit: Unit,
    faker: Faker,
    number: int,
    position: Position,
    today: date,
    department: Department | None = None,
    manager: Employee | None = None,
) -> Employee:
    locale = faker.random_element(faker.locales)
    local = faker[locale]
    birth = local.date_between(today - timedelta(days=365 * 60), today - timedelta(days=365 * 25))
    return Employee(
        unit=unit,
        number=f"E-{number:04}",
        first_name=local.first_name()[:100],
        last_name=local.last_name()[:100],
        title=position.title,
        position=position,
        department=department,
        reports_to=manager,
        extension=str(1000 + number),
        email=f"e-{number:04}.{unit.slug}@example.com",
        hired_on=local.date_between(birth + timedelta(days=365 * 20), today - timedelta(days=30)),
        birth_date=birth,
        address=local.street_address().replace("\n", ", ")[:250],
        city=local.city()[:100],
        postal_code=local.postcode()[:20],
        country=locale.rsplit("_", 1)[-1],
        home_phone=local.phone_number()[:40],
    )


def _load_territories(unit: Unit, faker: Faker, sellers: list[Employee]) -> None:
    regions = [Region(unit=unit, number=str(number), name=name) for number, name in enumerate(REGIONS, start=1)]
    territories = [
        Territory(unit=unit, number=f"{100 * position + number}", name=faker.city()[:100], region=region)
        for position, region in enumerate(regions, start=1)
        for number in range(1, 6)
    ]
    Region.objects.bulk_create(regions)
    Territory.objects.bulk_create(territories)
    EmployeeTerritory.objects.bulk_create(
        EmployeeTerritory(unit=unit, employee=sellers[position % len(sellers)], territory=territory)
        for position, territory in enumerate(territories)
    )


def _load_absences(faker: Faker, employees: list[Employee], today: date) -> None:
    """One in the past that was granted, one ahead that waits for a decision."""
    absences = []
    for employee in employees:
        ill = today - timedelta(days=faker.random_int(10, 20))
        away = today + timedelta(days=faker.random_int(20, 90))
        absences += [
            Absence(
                unit_id=employee.unit_id,
                employee=employee,
                kind=Absence.Kind.SICKNESS,
                starts_on=ill,
                ends_on=ill + timedelta(days=2),
                state=Absence.State.APPROVED,
                decided_at=timezone.now(),
            ),
            Absence(
                unit_id=employee.unit_id,
                employee=employee,
                kind=Absence.Kind.VACATION,
                starts_on=away,
                ends_on=away + timedelta(days=10),
            ),
        ]
    Absence.objects.bulk_create(absences, batch_size=BATCH)
