"""One person in all tables: who they are (the cluster of their rows) and which rows name them, in which role."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.models import Q
from django.db.models.functions import Cast

from apps.kernel.classification import Generic, classification_of, classified_models
from apps.kernel.errors import BusinessError
from apps.privacy.graph import (
    Model,
    Way,
    generic_edges,
    holds_people,
    nameable_models,
    relating_ways,
    same_edges,
    ways,
)

SNAPSHOT = "privacy_snapshot"
CHUNK = 2_000


class UnknownPerson(BusinessError):
    """There is no such record of a person. Write app.model:key."""

    code = "unknown_person"


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
            # A large file may be copied between two questions.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield SNAPSHOT
    finally:
        connections[SNAPSHOT].close()
        del connections[SNAPSHOT]


def person_named(said: str) -> tuple[Model, str]:
    """The model and the key in `customers.contact:018f…`, when a row of people has them."""
    label, _, key = said.partition(":")
    try:
        model = apps.get_model(label)
        known = holds_people(model) and model._base_manager.filter(pk=key).exists()
    except (LookupError, ValueError, ValidationError) as error:
        raise UnknownPerson from error
    if not known:
        raise UnknownPerson
    return model, key


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


def kind_value(model: Model, column: str, named: Model) -> Any:
    """What the column beside a generic key holds for rows of `named`: its content type or its label."""
    if model._meta.get_field(column).is_relation:
        return ContentType.objects.get_for_model(named, for_concrete_model=False).pk
    return named._meta.label_lower


def _condition(model: Model, way: Way, wanted: set[str]) -> Q:
    condition = Q(**{f"{way.lookup}__in": sorted(wanted)})
    if way.content_type:
        condition &= Q(**{way.content_type: kind_value(model, way.content_type, way.people)})
    return condition


def _leading_to(person: Person, found: list[Way]) -> dict[Way, set[str]]:
    return {way: values for way in found if (values := _wanted(person, way))}


def _naming(model: Model, wanted: dict[Way, set[str]]) -> Q:
    """The condition under which a row names the person by its own columns."""
    return reduce(or_, [_condition(model, way, values) for way, values in wanted.items()])


def rows_about(person: Person, model: Model) -> Iterator[Found]:
    """Every row of this model that names the person: by its own columns, then by naming one of the person's rows."""
    wanted = _leading_to(person, ways(model))
    if wanted:
        columns = _columns(model) | {way.lookup for way in wanted}
        for row in _read(person, model, _naming(model, wanted), columns):
            yield Found(row=row, named=tuple(way for way, values in wanted.items() if _names(row, way, values, model)))
    for edge in generic_edges(model):
        for named in nameable_models():
            yield from _rows_naming(person, model, edge, named, beside=wanted)


def _rows_naming(
    person: Person, model: Model, edge: Generic, named: Model, *, beside: dict[Way, set[str]]
) -> Iterator[Found]:
    """Rows, such as the history, that name a row of `named` which is about the person or names them."""
    leading = _leading_to(person, relating_ways(named))
    key_field: Any = model._meta.get_field(edge.pk)
    seen = _naming(model, beside) if beside else Q(pk__in=())
    for acting in (False, True):
        chosen = {way: values for way, values in leading.items() if way.acting is acting}
        if not chosen:
            continue
        keys = named._base_manager.using(person.using).filter(_naming(named, chosen)).order_by()
        of_theirs = Q(
            **{
                edge.ct: kind_value(model, edge.ct, named),
                f"{edge.pk}__in": keys.values_list(Cast("pk", key_field), flat=True),
            }
        )
        way = replace(next(iter(chosen)), lookup=edge.pk, edge="", content_type=edge.ct)
        for row in _read(person, model, of_theirs & ~seen, _columns(model)):
            if not acting or _mentions(row, chosen):
                yield Found(row=row, named=(way,))
        seen |= of_theirs


def _mentions(row: dict[str, Any], chosen: dict[Way, set[str]]) -> bool:
    """Whether the row itself holds the person's key; a row in which they act has other people's history too."""
    said = str(row)
    return any(key in said for values in chosen.values() for key in values)


def _columns(model: Model) -> set[str]:
    return {item.attname for item in model._meta.concrete_fields}


def _read(person: Person, model: Model, condition: Q, columns: set[str]) -> Iterator[dict[str, Any]]:
    rows = model._base_manager.using(person.using).filter(condition).order_by("pk").values(*sorted(columns))
    return rows.iterator(chunk_size=CHUNK)


def _names(row: dict[str, Any], way: Way, wanted: set[str], model: Model) -> bool:
    if way.content_type:
        column: Any = model._meta.get_field(way.content_type)
        if row[column.attname] != kind_value(model, way.content_type, way.people):
            return False
    value = row.get(way.lookup, row.get(f"{way.lookup}_id"))
    return value is not None and (str(value) in wanted or way.normalise(str(value)) in wanted)


def searched_models() -> list[type[models.Model]]:
    return sorted(
        (model for model in classified_models() if classification_of(model)), key=lambda m: m._meta.label_lower
    )
