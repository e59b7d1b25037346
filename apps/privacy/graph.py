"""The map of people: which models hold them, and by which columns a row leads to one (its *ways*)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from django.apps import apps
from django.db import models

from apps.kernel.classification import (
    Actor,
    CoSubject,
    Edge,
    Generic,
    Identifier,
    JsonKey,
    Key,
    Named,
    Owner,
    Part,
    Same,
    classification_of,
    classified_models,
)

Model = type[models.Model]


@dataclass(frozen=True, kw_only=True)
class Way:
    """From a row to a person: the columns (`lookup`) hold the person's key, or the value named by `matches`."""

    lookup: str
    people: Model
    role: str
    edge: str = ""
    acting: bool = False
    """The person did something here or is only named; the row is not about them."""
    matches: str = ""
    normalise: Callable[[str], str] = str
    content_type: str = ""
    """The column beside `lookup` that says of which model its key is."""


def edges_of(model: Model) -> dict[str, Edge]:
    declared = classification_of(model)
    return dict(declared.edges) if declared else {}


def target_of(model: Model, edge: str) -> Model | None:
    """The model behind a declared relation; `None` where the name is no relation of this model."""
    for field in model._meta.get_fields():
        if field.name == edge and isinstance(field.related_model, type):
            return field.related_model
    return None


def holds_people(model: Model) -> bool:
    """A model with an identifier of its own and no owner is a model of people."""
    declared = classification_of(model)
    if declared is None or any(isinstance(edge, Owner | Key | Part) for edge in declared.edges.values()):
        return False
    return any(isinstance(kind, Identifier) and not kind.about for kind in declared.kinds().values())


def people_models() -> list[Model]:
    return [model for model in classified_models() if holds_people(model)]


def ways(model: Model) -> list[Way]:
    """Every way from a row of this model to a person, those of its parents (`Part`) included."""
    return _ways(model, ())


def _ways(model: Model, seen: tuple[Model, ...]) -> list[Way]:
    if model in seen:
        return []
    found = [Way(lookup="pk", people=model, role=model._meta.model_name or "")] if holds_people(model) else []
    for name, edge in edges_of(model).items():
        found += _ways_of_edge(model, name, edge, (*seen, model))
    return found


def _ways_of_edge(model: Model, name: str, edge: Edge, seen: tuple[Model, ...]) -> Iterator[Way]:  # noqa: C901
    target = target_of(model, name)
    match edge:
        case Owner() | CoSubject() | Actor() | Named() if target is not None:
            yield Way(lookup=name, people=target, role=edge.role, edge=name, acting=isinstance(edge, Actor | Named))
        case Part() if target is not None:
            for way in _ways(target, seen):
                if not way.acting:
                    lookup = name if way.lookup == "pk" else f"{name}__{way.lookup}"
                    yield replace(way, lookup=lookup, edge=name)
        case Key():
            label, _, field = edge.matches.rpartition(".")
            people = apps.get_model(label)
            yield Way(
                lookup=edge.field, people=people, role=edge.role, edge=name, matches=field, normalise=edge.normalise
            )
        case JsonKey():
            column = next((key for key, kind in _json_fields(model) if edge.path in kind), None)
            if column:
                lookup = "__".join([column, *edge.path.removeprefix("$.").split(".")])
                yield Way(lookup=lookup, people=apps.get_model(edge.model), role=edge.role, edge=name)
        case Generic():
            for people in people_models():
                kind = edge.kinds.get(people._meta.label, edge.kinds.get(people._meta.label_lower))
                if kind is not None or not edge.kinds:
                    role = getattr(kind, "role", people._meta.model_name)
                    yield Way(
                        lookup=edge.pk,
                        people=people,
                        role=role,
                        edge=name,
                        acting=isinstance(kind, Actor | Named),
                        content_type=edge.ct,
                    )


def generic_edges(model: Model) -> list[Generic]:
    """The columns in which this model names a row of any other."""
    return [edge for edge in edges_of(model).values() if isinstance(edge, Generic) and edge.ct and not edge.kinds]


def nameable_models() -> list[Model]:
    """Models whose rows lead to people by a column."""
    return [model for model in classified_models() if relating_ways(model)]


def relating_ways(model: Model) -> list[Way]:
    """Without the way of a person's own row."""
    return [way for way in ways(model) if way.lookup != "pk"]


def _json_fields(model: Model) -> Iterator[tuple[str, dict[str, object]]]:
    declared = classification_of(model)
    for name, kind in declared.kinds().items() if declared else ():
        if hasattr(kind, "paths"):
            yield name, dict(kind.paths)


@cache
def same_edges() -> tuple[tuple[Model, str, Model], ...]:
    """Every `Same` relation: a row here and the row there are one human being."""
    return tuple(
        (model, name, target)
        for model in classified_models()
        for name, edge in edges_of(model).items()
        if isinstance(edge, Same) and (target := target_of(model, name)) is not None
    )
