"""What recording costs: each way to write with its triggers and its context, against the bare ORM, in one process."""

import statistics
import time
from collections.abc import Callable, Iterator

from django.db import connection

from apps.access.models import Unit
from apps.audit.context import carry_context
from apps.audit.models import AuditEvent
from apps.kernel.trail import Context, acting
from tests.benchmarks import stage
from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.sample.models import Person

HOLD = {"create": 1.5, "save": 1.5, "bulk_create": 1.6, "update": 5.0, "delete": 1.7}
SINGLE = 200


def people(unit: Unit, rows: int) -> list[Person]:
    return [Person(unit=unit, number=str(n), name=f"Name {n}", email=f"n{n}@example.org") for n in range(rows)]


def track(*, on: bool) -> None:
    stage.run(f"ALTER TABLE sample_person {'ENABLE' if on else 'DISABLE'} TRIGGER USER")
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
    """Every single row is a transaction of its own, as in a request.

    The full table is vacuumed before it is emptied: with the statistics of an empty one PostgreSQL reads all of it for
    each deleted row when it checks the keys that pointed there.
    """
    taken = {"create": seconds(lambda: create_each(unit))}
    taken["save"] = seconds(save_each)
    Person.objects.all().delete()
    fresh = people(unit, rows)
    taken["bulk_create"] = seconds(lambda: Person.objects.bulk_create(fresh))
    stage.vacuum("sample_person")
    taken["update"] = seconds(lambda: Person.objects.update(name="Other"))
    taken["delete"] = seconds(lambda: Person.objects.all().delete())
    return taken


def measure(options: Options) -> Iterator[Figure]:
    stage.empty()
    unit = Unit.objects.create(slug="benchmark", name="Benchmark", path="/benchmark/")
    rows = options.many // 50
    before = AuditEvent.objects.count()
    measured: dict[bool, list[dict[str, float]]] = {True: [], False: []}
    try:
        with acting(Context(source="command:benchmark", request_id="benchmark-1")):
            for on in [False, True] * options.rounds:
                track(on=on)
                measured[on].append(one_round(unit, rows))
    finally:
        track(on=True)
    written = options.rounds * 3 * (SINGLE + rows)
    recorded = AuditEvent.objects.count() - before
    wrong = "" if recorded == written else f"{written} changes of rows, {recorded} recorded"
    for way, hold in HOLD.items():
        bare, tracked = (statistics.median(taken[way] for taken in measured[on]) for on in (False, True))
        count = SINGLE if way in {"create", "save"} else rows
        note = f"{count} rows: {tracked:.3f} s, bare {bare:.3f} s"
        yield Figure(f"{way}, recorded", round(tracked / bare, 2), "x bare", hold, note=note, wrong=wrong)
