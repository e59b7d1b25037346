"""The rows that belong to a record: its lines, its children, the links to it and its files, also those gone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import CASCADE, ForeignObjectRel, Model, Q, UUIDField

from apps.audit.models import AuditEvent
from apps.audit.tracking import tracked_models
from apps.files.models import StoredFile
from apps.kernel.classification import Part, classification_of
from apps.kernel.trail import Action

MOST = 500
"""So many of one kind, present and gone, a page looks at."""
AT_ONCE = 100


@dataclass(frozen=True)
class Kin:
    """A kind of row that belongs to a record, by the field that names it."""

    model: type[Model]
    field: str

    @property
    def kind(self) -> ContentType:
        return kind_of(self.model)


def kind_of(model: type[Model]) -> ContentType:
    return ContentType.objects.get_for_model(model, for_concrete_model=False)


def kin_of(model: type[Model]) -> list[Kin]:
    """The kinds whose rows are parts by their classification, or go when this one goes."""
    tracked = set(tracked_models())
    relations = [each for each in model._meta.get_fields(include_hidden=True) if isinstance(each, ForeignObjectRel)]
    found = {
        Kin(relation.related_model, relation.field.name)
        for relation in relations
        if relation.related_model in tracked and _belongs(relation)
    }
    files = [Kin(StoredFile, "owner")] if isinstance(model._meta.pk, UUIDField) else []
    return [*sorted(found, key=lambda kin: (kin.model._meta.label, kin.field)), *files]


def _belongs(relation: ForeignObjectRel) -> bool:
    classification = classification_of(relation.related_model)
    edge = classification.edges.get(relation.field.name) if classification else None
    return relation.on_delete is CASCADE or isinstance(edge, Part)


def key_in(model: type[Model], key: str) -> Any:
    """The key as a JSON value of another row's entry; `None` where no row of this kind can have it."""
    try:
        read = model._meta.pk.to_python(key)
    except ValidationError:
        return None
    return str(read) if isinstance(read, UUID) else read


def deleted(kin: Kin, values: Sequence[Any], most: int | None = None) -> set[str]:
    """Keys of the rows that belonged to one of these when they were deleted."""
    gone = AuditEvent.objects.filter(content_type=kin.kind, action=Action.DELETE).values_list("object_pk", flat=True)
    found: set[str] = set()
    for start in range(0, len(values), AT_ONCE):
        named = (Q(changes__contains={kin.field: [value]}) for value in values[start : start + AT_ONCE])
        found.update(gone.filter(reduce(or_, named))[:most])
    return found


def members(model: type[Model], keys: Iterable[str], kin: Kin, most: int | None = None) -> set[str]:
    """The keys of those of this kind that belong to one of the records, or did until they were deleted."""
    values = [value for key in sorted(keys) if (value := key_in(model, key)) is not None]
    rows = kin.model._base_manager.filter(**{f"{kin.field}__in": values}).values_list("pk", flat=True)
    return {*map(str, rows[:most]), *deleted(kin, values, most)}


def family_of(model: type[Model], key: str, most: int | None = None) -> dict[type[Model], set[str]]:
    """Keys by kind: the record, what belongs to it, and what belongs to that."""
    found: dict[type[Model], set[str]] = defaultdict(set, {model: {key}})
    fresh = {model: {key}}
    while fresh:
        grown: dict[type[Model], set[str]] = defaultdict(set)
        for parent, keys in fresh.items():
            for kin in kin_of(parent):
                grown[kin.model] |= members(parent, keys, kin, most)
        fresh = {child: new for child, keys in grown.items() if (new := keys - found[child])}
        for child, keys in fresh.items():
            found[child] |= keys
    return found


def about(model: type[Model], key: str, most: int | None = None) -> Q:
    """Entries of the record and of its whole family."""
    family = family_of(model, key, most)
    return reduce(
        or_, (Q(content_type=kind_of(member), object_pk__in=sorted(keys)) for member, keys in family.items() if keys)
    )
