"""Finding a person for a request: by the beginning of a name or identifier, and by identifiers that are equal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db.models import Q
from django.db.models.functions import Lower

from apps.kernel.classification import Identifier, Personal, classification_of
from apps.kernel.reads import entry_of
from apps.kernel.trail import Shown, write
from apps.privacy.graph import Model, people_models
from apps.privacy.models import PrivacyRequest

PER_MODEL = 20
SHORTEST = 3


@dataclass(frozen=True)
class Candidate:
    """A row that may be the person. It shows its kind and business key, not what stands in it."""

    subject: str
    kind: str
    number: str
    unit: str
    """Where it belongs; empty for a row of no unit."""
    found_by: str
    is_proposal: bool = False


def _searched(model: Model) -> Iterator[str]:
    """The fields by which people are looked for: their identifiers and their names."""
    declared = classification_of(model)
    for name, kind in declared.kinds().items() if declared else ():
        if isinstance(kind, Identifier) or (isinstance(kind, Personal) and kind.category == "pd:Name"):
            yield name


def _identifiers(model: Model) -> Iterator[tuple[str, Identifier]]:
    declared = classification_of(model)
    for name, kind in declared.kinds().items() if declared else ():
        if isinstance(kind, Identifier):
            yield name, kind


def _candidate(row: Any, fields: Sequence[str], *, is_proposal: bool = False) -> Candidate:
    return Candidate(
        subject=f"{row._meta.label_lower}:{row.pk}",
        kind=str(row._meta.verbose_name),
        number=str(row),
        unit=str(getattr(row, "unit", "")),
        found_by=", ".join(str(row._meta.get_field(name).verbose_name) for name in fields),
        is_proposal=is_proposal,
    )


def search(words: str) -> list[Candidate]:
    """Rows of people of which a name or an identifier begins like this, then those with an equal identifier.

    The trail says which rows were shown; it does not say the words.
    """
    words = words.strip()
    if len(words) < SHORTEST:
        return []
    rows = [row for model in people_models() for row in _beginning(model, words)]
    found = [_candidate(row, _beginning_fields(row, words)) for row in rows]
    found += proposals(rows)
    by_model: dict[str, list[str]] = {}
    for candidate in found:
        label, _, key = candidate.subject.partition(":")
        by_model.setdefault(label, []).append(key)
    shown = [(apps.get_model(label), keys) for label, keys in sorted(by_model.items())] or [(PrivacyRequest, [])]
    write([entry_of(model, Shown("search", {"words": None}, (), dict.fromkeys(keys))) for model, keys in shown])
    return found


def _beginning(model: Model, words: str) -> list[Any]:
    condition = reduce(or_, (Q(**{f"{name}__istartswith": words}) for name in _searched(model)))
    return list(model._base_manager.filter(condition).order_by("pk")[:PER_MODEL])


def _beginning_fields(row: Any, words: str) -> list[str]:
    said = words.casefold()
    return [name for name in _searched(type(row)) if str(getattr(row, name) or "").casefold().startswith(said)]


def proposals(rows: Sequence[Any]) -> list[Candidate]:
    """Other rows with an identifier of the same kind and, normalised, the same value.

    An officer must tick them: a shared address does not make two people one.
    """
    known = {(type(row), row.pk) for row in rows}
    values: dict[str, set[str]] = {}
    for row in rows:
        for name, kind in _identifiers(type(row)):
            if value := getattr(row, name):
                values.setdefault(kind.category, set()).add(kind.normalise(str(value)))
    found = []
    for model in people_models():
        for name, kind in _identifiers(model):
            for row in _equal(model, name, values.get(kind.category, set())):
                if (model, row.pk) not in known:
                    known.add((model, row.pk))
                    found.append(_candidate(row, [name], is_proposal=True))
    return found


def _equal(model: Model, name: str, values: set[str]) -> list[Any]:
    if not values:
        return []
    lowered = {value.lower() for value in values}
    rows = model._base_manager.annotate(said=Lower(name)).filter(said__in=lowered)
    return list(rows.order_by("pk")[:PER_MODEL])
