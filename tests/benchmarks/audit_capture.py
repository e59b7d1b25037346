"""What recording costs: each way to write with its triggers and its context, against the bare ORM.

    DATABASE_URL=… DJANGO_SETTINGS_MODULE=config.settings.test python -m tests.benchmarks.audit_capture [ROWS] [ROUNDS]

Both sides run interleaved in one process; the ratio is of the medians. It writes into the database that it is given and
removes what it wrote, except the trail.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable

import django

django.setup()

from django.db import connection  # noqa: E402

from apps.access.models import Unit  # noqa: E402
from apps.audit.context import carry_context  # noqa: E402
from apps.kernel.trail import Context, acting  # noqa: E402
from tests.sample.models import Person  # noqa: E402

HOLD = {"save": 1.5, "create": 1.5, "bulk_create": 1.6, "update": 5.0, "delete": 1.7}
SINGLE = 200


def people(unit: Unit, rows: int) -> list[Person]:
    return [Person(unit=unit, number=str(n), name=f"Name {n}", email=f"n{n}@example.org") for n in range(rows)]


def track(*, on: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE sample_person {'ENABLE' if on else 'DISABLE'} TRIGGER USER")
    wrappers = connection.execute_wrappers
    if on and carry_context not in wrappers:
        wrappers.append(carry_context)
    if not on and carry_context in wrappers:
        wrappers.remove(carry_context)


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def create_each(unit: Unit) -> None:
    for person in people(unit, SINGLE):
        person.save(force_insert=True)


def save_each() -> None:
    for person in Person.objects.all()[:SINGLE]:
        person.name += "!"
        person.save()


def one_round(unit: Unit, rows: int) -> dict[str, float]:
    """Every single row is a transaction of its own, as in a request."""
    taken = {"create": seconds(lambda: create_each(unit))}
    taken["save"] = seconds(save_each)
    Person.objects.all().delete()
    fresh = people(unit, rows)
    taken["bulk_create"] = seconds(lambda: Person.objects.bulk_create(fresh))
    taken["update"] = seconds(lambda: Person.objects.update(name="Other"))
    taken["delete"] = seconds(lambda: Person.objects.all().delete())
    return taken


def main(rows: int = 20_000, rounds: int = 5) -> None:
    unit, _made = Unit.objects.get_or_create(slug="benchmark", defaults={"name": "Benchmark", "path": "/benchmark/"})
    measured: dict[bool, list[dict[str, float]]] = {True: [], False: []}
    try:
        with acting(Context(source="command:benchmark", request_id="benchmark-1")):
            for on in [False, True] * rounds:
                track(on=on)
                measured[on].append(one_round(unit, rows))
    finally:
        track(on=True)
        unit.delete()
    report = {}
    for way, hold in HOLD.items():
        bare, recorded = (statistics.median(taken[way] for taken in measured[on]) for on in (False, True))
        report[way] = {
            "bare_s": round(bare, 3),
            "recorded_s": round(recorded, 3),
            "ratio": round(recorded / bare, 2),
            "hold": hold,
        }
    sys.stdout.write(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
