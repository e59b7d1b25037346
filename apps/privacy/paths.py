"""Whether declared ways lead somewhere in the data, what the database holds beside them, and what could be declared."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, TextField, Value, When
from django.db.models.functions import Cast, Lower

from apps.kernel.classification import Json, classification_of, classified_models, is_about_people
from apps.privacy.graph import Model, Way, edges_of, holds_people, ways

SHOWN = 20
COLUMNS = """
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
    AND c.relnamespace = current_schema()::regnamespace ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Paths:
    """How the rows of one model lead to people. Orphans hold a personal value and lead to nobody."""

    model: str
    rows: int
    one: int
    several: int
    orphans: int
    keys: list[str] = field(default_factory=list)
    """Of the first orphans."""
    unlinked: str = ""

    @property
    def is_sound(self) -> bool:
        return not self.orphans or bool(self.unlinked)


def verify_paths() -> list[Paths]:
    """Models whose rows name a row of any other (`Generic`), such as the history, lead wherever that row leads."""
    return [_paths_of(model) for model in classified_models() if _is_about_people(model) and not _is_generic(model)]


def _is_about_people(model: Model) -> bool:
    declared = classification_of(model)
    return declared is not None and any(map(is_about_people, declared.kinds().values()))


def _is_generic(model: Model) -> bool:
    return any(way.content_type for way in ways(model))


def _paths_of(model: Model) -> Paths:
    declared = classification_of(model)
    reached = [Case(When(_reaches(way), 1), default=0, output_field=IntegerField()) for way in ways(model)]
    own = [kind for kind, way in zip(reached, ways(model), strict=True) if not way.acting] or reached
    rows = model._base_manager.annotate(people=sum(own, start=Value(0)))
    counted = rows.aggregate(
        rows=Count("pk"), one=Count("pk", filter=Q(people=1)), several=Count("pk", filter=Q(people__gt=1))
    )
    orphans = rows.filter(_says_something(model), people=0)
    return Paths(
        model=model._meta.label_lower,
        **counted,
        orphans=orphans.count(),
        keys=[str(key) for key in orphans.order_by("pk").values_list("pk", flat=True)[:SHOWN]],
        unlinked=declared.unlinked.reason if declared and declared.unlinked else "",
    )


def _reaches(way: Way) -> Q | Exists:
    """A foreign key leads somewhere when it is set; a value does when somebody has it."""
    if not way.matches:
        return Q(**{f"{way.lookup}__isnull": False})
    people = way.people._base_manager.annotate(said=Lower(Cast(way.matches, TextField())))
    return Exists(people.filter(said=Lower(Cast(OuterRef(way.lookup), TextField()))))


def _says_something(model: Model) -> Q:
    declared = classification_of(model)
    personal = [(name, kind) for name, kind in declared.kinds().items() if is_about_people(kind)] if declared else []
    return reduce(or_, (said for name, kind in personal for said in _filled(model, name, kind)), Q(pk__in=()))


def _filled(model: Model, name: str, kind: Any) -> Iterator[Q]:
    item = model._meta.get_field(name)
    if isinstance(kind, Json):
        for path, inner in kind.paths.items():
            if inner.is_personal and "*" not in path:
                key = "__".join([name, *path.removeprefix("$.").split(".")])
                yield Q(**{f"{key}__isnull": False}) & ~Q(**{key: ""}) & ~Q(**{key: None})
    elif isinstance(item, models.JSONField):
        yield Q(**{f"{name}__isnull": False}) & ~Q(**{name: {}}) & ~Q(**{name: []})
    elif isinstance(item, models.CharField | models.TextField | models.FileField):
        yield Q(**{f"{name}__isnull": False}) & ~Q(**{name: ""})
    else:
        yield Q(**{f"{name}__isnull": False})


def unknown_columns() -> list[str]:
    """Tables and columns of the database that no model knows: leftovers, or tables that somebody else keeps here."""
    known = {model._meta.db_table: {item.column for item in model._meta.concrete_fields} for model in _all_models()}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        found = cursor.fetchall()
    tables = sorted({table for table, _ in found} - set(known))
    return [*tables, *(f"{table}.{column}" for table, column in found if column not in known.get(table, {column}))]


def _all_models() -> Iterator[Model]:
    yield from apps.get_models(include_auto_created=True)
    yield MigrationRecorder.Migration


def proposals() -> list[tuple[str, str, str]]:
    """Model, relation and the edge that somebody may declare for it, of every relation without one."""
    return [
        (model._meta.label_lower, item.name, proposal(item))
        for model in classified_models()
        for item in (*model._meta.local_concrete_fields, *model._meta.local_many_to_many)
        if item.is_relation and item.name not in edges_of(model)
    ]


def proposal(relation: Any) -> str:
    """A guess from the form of a relation; what it means, a human being decides."""
    target = relation.related_model
    if relation.one_to_one and target._meta.label == settings.AUTH_USER_MODEL:
        return "Same()"
    if holds_people(target):
        return f'Owner("{relation.name}") or Actor("{relation.name}")'
    return "Part()" if any(not way.acting for way in ways(target)) else "Ref()"
