"""A believable workforce: departments with a head each, under one head of all."""

from datetime import date, timedelta

from django.utils import timezone
from django.utils.text import slugify
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


SOMEBODY_LEFT = 11
QUARTER = 91
SPELLS = (
    (Absence.Kind.VACATION, 14),
    (Absence.Kind.VACATION, 9),
    (Absence.Kind.SICKNESS, 6),
    (Absence.Kind.TRAINING, 2),
)
"""What keeps people away, and for how many days at most."""
NOTES = (
    "Works from home on Fridays.",
    "First aider on the second floor.",
    "Speaks English, French and Polish.",
    "Returns from parental leave part-time.",
)
BATCH = 1_000


def load(unit: Unit, faker: Faker, size: int) -> None:
    """Three employees for a hundred of `size`, and never fewer than two below each head of department."""
    today = timezone.localdate()
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
    led = list(zip(departments, heads, strict=True))
    teams = [led[number % len(led)] for number in range(max(2 * len(led), size * 3 // 100 - 1 - len(led)))]
    staff = [
        _employee(unit, faker, number, positions[DEPARTMENTS[department.name][1]], today, department, head)
        for number, (department, head) in enumerate(teams, start=2 + len(heads))
    ]
    for employee in staff[3::SOMEBODY_LEFT]:
        employee.left_on = max(today - timedelta(days=faker.random_int(20, 300)), employee.hired_on)
    Department.objects.bulk_create(departments)
    Position.objects.bulk_create(positions.values())
    for level in ([director], heads, staff):
        Employee.objects.bulk_create(level, batch_size=BATCH)
    present = [employee for employee in staff if not employee.has_left]
    _load_territories(unit, faker, [employee for employee in present if employee.department == departments[0]])
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
    first, last = local.first_name(), local.last_name()
    leads = manager is None or manager.reports_to is None
    age = local.random_int(365 * (40 if leads else 24), 365 * 60)
    employed = local.random_int(365 * 4 if leads else 400, 365 * (9 if leads else 4))
    return Employee(
        unit=unit,
        number=f"E-{number:04}",
        first_name=first[:100],
        last_name=last[:100],
        title=position.title,
        position=position,
        department=department,
        reports_to=manager,
        extension=str(1000 + number),
        email=f"{slugify(first)}.{slugify(last)}@{unit.slug}.example",
        hired_on=today - timedelta(days=employed),
        birth_date=today - timedelta(days=age),
        address=local.street_address().replace("\n", ", ")[:250],
        city=local.city()[:100],
        postal_code=local.postcode()[:20],
        country=locale.rsplit("_", 1)[-1],
        home_phone=local.phone_number()[:40],
        notes=local.random_element((*NOTES, *[""] * 8)),
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
    """At most one in each quarter of three years, never two at once; one ahead that waits for a decision."""
    absences = []
    for employee in employees:
        for begun in range(QUARTER, 13 * QUARTER, QUARTER):
            kind, days = faker.random_element(SPELLS)
            first = today - timedelta(days=begun - faker.random_int(0, QUARTER - 25))
            last = first + timedelta(days=faker.random_int(0, days))
            if first > employee.hired_on and (employee.left_on is None or last < employee.left_on) and last < today:
                absences.append(_absence(employee, kind, first, last, Absence.State.APPROVED))
        if not employee.has_left:
            away = today + timedelta(days=faker.random_int(20, 90))
            last = away + timedelta(days=faker.random_int(4, 14))
            absences.append(_absence(employee, Absence.Kind.VACATION, away, last, Absence.State.REQUESTED))
    Absence.objects.bulk_create(absences, batch_size=BATCH)


def _absence(employee: Employee, kind: str, first: date, last: date, state: str) -> Absence:
    return Absence(
        unit_id=employee.unit_id,
        employee=employee,
        kind=kind,
        starts_on=first,
        ends_on=last,
        state=state,
        decided_at=None if state == Absence.State.REQUESTED else timezone.now(),
    )
