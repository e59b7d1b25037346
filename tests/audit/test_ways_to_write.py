"""Every way to write leaves exactly the right entries: action, model, object, changed fields with values, actor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils import timezone

from apps.access.models import Unit
from apps.audit.context import copying
from apps.audit.models import AuditEvent
from tests.audit.conftest import ACTOR
from tests.sample.models import Deal, Line, Person, Tag, Tagging

NOISE = {"id", "created_at", "updated_at", "unit"}


@dataclass
class Stage:
    unit: Unit
    ada: Person
    bob: Person
    deal: Deal
    line: Line
    red: Tag
    blue: Tag


Way = Callable[[Stage], Any]
WAYS: dict[str, tuple[Way, Callable[[Stage], list[Any]]]] = {}


def way(name: str, expected: Callable[[Stage], list[Any]]) -> Callable[[Way], Way]:
    def enter(write: Way) -> Way:
        WAYS[name] = (write, expected)
        return write

    return enter


def execute(statement: str, params: Any = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.rowcount


def created(number: str, name: str, **more: Any) -> list[Any]:
    values = {"number": [None, number], "name": [None, name], "email": [None, ""], **more}
    return ["CREATE", "person", "", values]


def renamed(person: Person, old: str, new: str) -> list[Any]:
    return ["UPDATE", "person", str(person.pk), {"name": [old, new]}]


@way("save of a new row", lambda _: [created("P-3", "Cleo")])
def _(s: Stage) -> None:
    Person(unit=s.unit, number="P-3", name="Cleo").save()


@way("save of a changed row", lambda s: [renamed(s.ada, "Ada", "Eve")])
def _(s: Stage) -> None:
    s.ada.name = "Eve"
    s.ada.save()


@way("create", lambda _: [created("P-3", "Cleo")])
def _(s: Stage) -> None:
    Person.objects.create(unit=s.unit, number="P-3", name="Cleo")


@way("bulk_create", lambda _: [created("P-3", "Cleo"), created("P-4", "Dan")])
def _(s: Stage) -> None:
    Person.objects.bulk_create(Person(unit=s.unit, number=n, name=m) for n, m in (("P-3", "Cleo"), ("P-4", "Dan")))


@way("bulk_create that ignores conflicts", lambda _: [created("P-3", "Cleo")])
def _(s: Stage) -> None:
    rows = [Person(unit=s.unit, number=n, name=m) for n, m in (("P-1", "Eve"), ("P-3", "Cleo"))]
    Person.objects.bulk_create(rows, ignore_conflicts=True)


@way("bulk_create that updates conflicts", lambda s: [created("P-3", "Cleo"), renamed(s.ada, "Ada", "Eve")])
def _(s: Stage) -> None:
    rows = [Person(unit=s.unit, number=n, name=m) for n, m in (("P-1", "Eve"), ("P-3", "Cleo"))]
    Person.objects.bulk_create(rows, update_conflicts=True, unique_fields=["unit", "number"], update_fields=["name"])


@way("update_or_create", lambda s: [renamed(s.ada, "Ada", "Eve")])
def _(s: Stage) -> None:
    Person.objects.update_or_create(unit=s.unit, number="P-1", defaults={"name": "Eve"})


@way("bulk_update", lambda s: [renamed(s.ada, "Ada", "Eve"), renamed(s.bob, "Bob", "Rob")])
def _(s: Stage) -> None:
    s.ada.name, s.bob.name = "Eve", "Rob"
    Person.objects.bulk_update([s.ada, s.bob], ["name"])


@way("QuerySet.update", lambda s: [renamed(s.ada, "Ada", "X"), renamed(s.bob, "Bob", "X")])
def _(s: Stage) -> None:
    Person.objects.filter(unit=s.unit).update(name="X")


@way("update by an expression", lambda s: [["UPDATE", "line", str(s.line.pk), {"quantity": [2, 5]}]])
def _(s: Stage) -> None:
    Line.objects.filter(pk=s.line.pk).update(quantity=F("quantity") + 3)


@way("update by a function of the database", lambda s: [renamed(s.ada, "Ada", "Ada!")])
def _(s: Stage) -> None:
    Person.objects.filter(pk=s.ada.pk).update(name=Concat("name", Value("!")))


def removed_line(s: Stage) -> list[Any]:
    return [
        "DELETE",
        "line",
        str(s.line.pk),
        {"deal": [str(s.deal.pk), None], "what": ["Tea", None], "quantity": [2, None]},
    ]


@way("delete of a row", lambda s: [removed_line(s)])
def _(s: Stage) -> None:
    s.line.delete()


@way("QuerySet.delete", lambda s: [removed_line(s)])
def _(s: Stage) -> None:
    Line.objects.filter(pk=s.line.pk).delete()


def removed_deal(s: Stage) -> list[Any]:
    values = {
        "number": ["D-1", None],
        "buyer": [str(s.ada.pk), None],
        "agent": [str(s.bob.pk), None],
        "ship_to": ["", None],
        "total": [0, None],
        "note": ["", None],
        "extra": [{}, None],
        "scan": ["", None],
    }
    return ["DELETE", "deal", str(s.deal.pk), values]


@way("delete that cascades", lambda s: [removed_line(s), removed_deal(s)])
def _(s: Stage) -> None:
    s.deal.delete()


@way("raw SQL", lambda s: [renamed(s.ada, "Ada", "100 % 'Eve'")])
def _(s: Stage) -> None:
    assert execute("UPDATE sample_person SET name = %s WHERE id = %s", ["100 % 'Eve'", s.ada.pk]) == 1


@way("raw SQL without parameters", lambda s: [renamed(s.ada, "Ada", "100 %")])
def _(s: Stage) -> None:
    assert execute("/* why */ -- not\n UPDATE sample_person SET name = '100 %' WHERE number = 'P-1'") == 1


@way("executemany", lambda s: [renamed(s.ada, "Ada", "Eve"), renamed(s.bob, "Bob", "Rob")])
def _(s: Stage) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE sample_person SET name = %s WHERE id = %s", [("Eve", s.ada.pk), ("Rob", s.bob.pk)])


@way("COPY", lambda _: [created("P-3", "Cleo"), created("P-4", "Dan")])
def _(s: Stage) -> None:
    with copying("COPY sample_person (id, created_at, updated_at, unit_id, number, name, email) FROM STDIN") as copy:
        for row in (Person(unit=s.unit, number="P-3", name="Cleo"), Person(unit=s.unit, number="P-4", name="Dan")):
            copy.write_row([row.pk, timezone.now(), timezone.now(), s.unit.pk, row.number, row.name, row.email])


@way("upsert", lambda s: [renamed(s.ada, "Ada", "Eve")])
def _(s: Stage) -> None:
    execute(
        "INSERT INTO sample_person (id, created_at, updated_at, unit_id, number, name, email)"
        " SELECT gen_random_uuid(), now(), now(), unit_id, number, 'Eve', '' FROM sample_person WHERE number = 'P-1'"
        " ON CONFLICT (unit_id, number) DO UPDATE SET name = excluded.name"
    )


@way("MERGE", lambda s: [created("P-9", "New"), renamed(s.ada, "Ada", "Eve")])
def _(s: Stage) -> None:
    execute(
        "MERGE INTO sample_person p USING (VALUES ('P-1', 'Eve'), ('P-9', 'New')) AS said (number, name)"
        " ON p.number = said.number WHEN MATCHED THEN UPDATE SET name = said.name WHEN NOT MATCHED THEN"
        " INSERT (id, created_at, updated_at, unit_id, number, name, email)"
        " VALUES (gen_random_uuid(), now(), now(), %s, said.number, said.name, '')",
        [s.unit.pk],
    )


@way("CTE", lambda s: [renamed(s.ada, "Ada", "Eve")])
def _(s: Stage) -> None:
    execute(
        "WITH chosen AS (SELECT id FROM sample_person WHERE number = 'P-1')"
        " UPDATE sample_person SET name = 'Eve' WHERE id IN (SELECT id FROM chosen)"
    )


@way("UPDATE FROM another table", lambda s: [renamed(s.ada, "Ada", "D-1")])
def _(s: Stage) -> None:
    execute("UPDATE sample_person p SET name = d.number FROM sample_deal d WHERE d.buyer_id = p.id")


@way("RETURNING", lambda s: [renamed(s.ada, "Ada", "Eve")])
def _(s: Stage) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sample_person SET name = 'Eve' WHERE number = 'P-1' RETURNING name, number")
        assert cursor.fetchall() == [("Eve", "P-1")]


@way("DO block", lambda s: [renamed(s.ada, "Ada", "Eve")])
def _(s: Stage) -> None:
    execute("DO $$ BEGIN UPDATE sample_person SET name = 'Eve' WHERE number = 'P-1'; END $$")


@way("change of the key", lambda s: [tagged(s, "DELETE"), tagged(s)])
def _(s: Stage) -> None:
    execute("UPDATE sample_tagging SET id = id + 1000 WHERE weight = 7")


def tagged(s: Stage, action: str = "CREATE", weight: int = 7) -> list[Any]:
    values = {"person": str(s.bob.pk), "tag": str(s.red.pk), "weight": weight}
    pairs = {name: [None, value] if action == "CREATE" else [value, None] for name, value in values.items()}
    return [action, "tagging", "", pairs]


def link(action: str, s: Stage, tag: Tag) -> list[Any]:
    pair = (lambda value: [None, value]) if action == "CREATE" else (lambda value: [value, None])
    return [action, "deal_tags", "", {"deal": pair(str(s.deal.pk)), "tag": pair(str(tag.pk))}]


@way("add to a many-to-many", lambda s: [link("CREATE", s, s.red)])
def _(s: Stage) -> None:
    s.deal.tags.add(s.red)


@way("remove from a many-to-many", lambda s: [link("CREATE", s, s.red), link("DELETE", s, s.red)])
def _(s: Stage) -> None:
    s.deal.tags.add(s.red)
    s.deal.tags.remove(s.red)


@way("set of a many-to-many", lambda s: [link("CREATE", s, s.red), link("DELETE", s, s.red), link("CREATE", s, s.blue)])
def _(s: Stage) -> None:
    s.deal.tags.add(s.red)
    s.deal.tags.set([s.blue])


@way("clear of a many-to-many", lambda s: [link("CREATE", s, s.red), link("DELETE", s, s.red)])
def _(s: Stage) -> None:
    s.deal.tags.add(s.red)
    s.deal.tags.clear()


@way("bulk into a through table", lambda s: [link("CREATE", s, s.red), link("CREATE", s, s.blue)])
def _(s: Stage) -> None:
    through = Deal.tags.through
    through.objects.bulk_create(through(deal=s.deal, tag=tag) for tag in (s.red, s.blue))


@way("a through table with a column of its own", lambda s: [tagged(s, weight=1)])
def _(s: Stage) -> None:
    Tagging.objects.create(person=s.bob, tag=s.red)


@way("a change that changes nothing", lambda _: [])
def _(s: Stage) -> None:
    Person.objects.filter(pk=s.ada.pk).update(name="Ada")


@pytest.fixture
def stage(unit: Unit, ada: Person, bob: Person, deal: Deal, line: Line, red: Tag, blue: Tag) -> Stage:
    Tagging.objects.create(person=bob, tag=red, weight=7)
    return Stage(unit=unit, ada=ada, bob=bob, deal=deal, line=line, red=red, blue=blue)


def without_noise(entry: tuple[str, str, str, dict[str, Any]]) -> list[Any]:
    """Keys that the database chose are left out, and so are the moments; the key of a known row stays."""
    action, model, key, changes = entry
    known = action == "UPDATE" or (action == "DELETE" and model not in {"deal_tags", "tagging"})
    return [action, model, key if known else "", {k: v for k, v in changes.items() if k not in NOISE}]


@pytest.mark.parametrize("name", WAYS)
def test_each_way_to_write_leaves_exactly_the_right_entries(name, stage, entries, by_actor):
    write, describe = WAYS[name]
    expected = describe(stage)

    write(stage)

    assert sorted(map(without_noise, entries()), key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("name", [name for name in WAYS if name != "a change that changes nothing"])
def test_each_way_to_write_names_the_actor_and_the_request(name, stage, by_actor):
    before = set(AuditEvent.objects.values_list("id", flat=True))

    WAYS[name][0](stage)

    written = AuditEvent.objects.exclude(id__in=before)
    assert set(written.values_list("actor", "source", "cid", "remote_addr", "reason")) == {
        (ACTOR, "api", "request-1", "192.0.2.7", "asked")
    }
