"""One person in all tables: who they are (the cluster of their rows) and which rows name them, in which role."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.models import Q

from apps.kernel.classification import classification_of, classified_models
from apps.privacy.graph import Model, Way, same_edges, ways

SNAPSHOT = "privacy_snapshot"
CHUNK = 2_000


@dataclass
class Person:
    """The rows that are one human being: model → keys."""

    keys: dict[Model, set[Any]] = field(default_factory=lambda: defaultdict(set))
    using: str = DEFAULT_DB_ALIAS

    def add(self, model: Model, keys: set[Any]) -> bool:
        grown = keys - self.keys[model]
        self.keys[model] |= grown
        return bool(grown)


@dataclass(frozen=True)
class Found:
    """A row that names the person: its columns, and the ways by which it does."""

    row: dict[str, Any]
    named: tuple[Way, ...]

    @property
    def is_theirs(self) -> bool:
        return any(not way.acting for way in self.named)


@contextmanager
def snapshot() -> Iterator[str]:
    """The alias of a connection that sees the database as it was at one moment and cannot change it."""
    connections[SNAPSHOT] = connection.copy(alias=SNAPSHOT)
    try:
        with transaction.atomic(using=SNAPSHOT), connections[SNAPSHOT].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield SNAPSHOT
    finally:
        connections[SNAPSHOT].close()
        del connections[SNAPSHOT]


def resolve(rows: Sequence[tuple[Model, Any]], *, using: str = DEFAULT_DB_ALIAS) -> Person:
    """Follow `Same` both ways from these rows until nothing is added. Equal identifiers alone join nobody."""
    person = Person(using=using)
    for model, key in rows:
        person.add(model, {model._meta.pk.to_python(key)})
    grown = True
    while grown:
        grown = False
        for model, edge, target in same_edges():
            grown |= _follow(person, model, edge, target)
    return person


def _follow(person: Person, model: Model, edge: str, target: Model) -> bool:
    here, there = person.keys[model], person.keys[target]
    if not here and not there:
        return False
    pairs = model._base_manager.using(person.using).filter(Q(pk__in=here) | Q(**{f"{edge}__in": there}))
    found = [(key, other) for key, other in pairs.values_list("pk", edge) if other is not None]
    grown_here = person.add(model, {key for key, _ in found})
    grown_there = person.add(target, {other for _, other in found})
    return grown_here or grown_there


def _wanted(person: Person, way: Way) -> set[str]:
    """What the columns of this way hold when they name the person, as text."""
    keys = person.keys.get(way.people, set())
    if not keys or not way.matches or way.matches in ("id", "pk"):
        return {str(key) for key in keys}
    values = way.people._base_manager.using(person.using).filter(pk__in=keys).values_list(way.matches, flat=True)
    said = {str(value) for value in values if value not in (None, "")}
    return said | {way.normalise(value) for value in said}


def _condition(way: Way, wanted: set[str]) -> Q:
    condition = Q(**{f"{way.lookup}__in": sorted(wanted)})
    if way.content_type:
        condition &= Q(**{way.content_type: ContentType.objects.get_for_model(way.people).pk})
    return condition


def rows_about(person: Person, model: Model) -> Iterator[Found]:
    """Every row of this model that names the person, by one query, in the order of keys."""
    wanted = {way: values for way in ways(model) if (values := _wanted(person, way))}
    if not wanted:
        return
    condition = reduce(or_, (_condition(way, values) for way, values in wanted.items()))
    columns = {item.attname for item in model._meta.concrete_fields} | {way.lookup for way in wanted}
    rows = model._base_manager.using(person.using).filter(condition).order_by("pk").values(*sorted(columns))
    for row in rows.iterator(chunk_size=CHUNK):
        named = tuple(way for way, values in wanted.items() if _names(row, way, values))
        yield Found(row=row, named=named)


def _names(row: dict[str, Any], way: Way, wanted: set[str]) -> bool:
    if way.content_type:
        kind = next((value for key, value in row.items() if key in (way.content_type, f"{way.content_type}_id")), None)
        if kind != ContentType.objects.get_for_model(way.people).pk:
            return False
    value = row.get(way.lookup, row.get(f"{way.lookup}_id"))
    return value is not None and (str(value) in wanted or way.normalise(str(value)) in wanted)


def searched_models() -> list[type[models.Model]]:
    return sorted(
        (model for model in classified_models() if classification_of(model)), key=lambda m: m._meta.label_lower
    )
