"""What must be true of every declaration (privacy.E001-E018, E021). No check reads the database."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.postgres.search import SearchVectorField
from django.core.checks import CheckMessage, Error, register
from django.db import models

from apps.kernel.classification import (
    ACTIVITIES,
    GROUNDS,
    Actor,
    Blank,
    Classification,
    Constant,
    CoSubject,
    Criminal,
    DeleteBlob,
    Derived,
    Eraser,
    File,
    Generalise,
    Generic,
    Json,
    JsonKey,
    Keep,
    Key,
    Named,
    Null,
    Opaque,
    Owner,
    Part,
    RandomUnique,
    Same,
    ScrubKnown,
    Special,
    classification_of,
    classified_models,
    is_about_people,
)
from apps.kernel.durations import DURATION
from apps.privacy.constraints import broken
from apps.privacy.graph import Model, holds_people, target_of, ways

WHOSE = {"", "any", "other", "shared"}
Found = Iterator[tuple[str, str, str]]
"""The number of a rule, what is wrong, what to write."""


def fields_of(model: Model) -> list[Any]:
    meta = model._meta
    generic = [field for field in meta.private_fields if isinstance(field, GenericForeignKey)]
    return [*meta.local_concrete_fields, *meta.local_many_to_many, *generic]


def _is_text(field: Any) -> bool:
    return isinstance(field, models.CharField | models.TextField)


def _holds_anything(field: Any) -> bool:
    """Text without a length, JSON or a file: anything may stand in it."""
    return isinstance(field, models.TextField | models.JSONField | models.FileField)


def declared_and_complete(model: Model, declared: Classification) -> Found:
    kinds = declared.kinds()
    for field in fields_of(model):
        if field.name not in kinds and field.name not in declared.edges:
            hint = f'Add "{field.name}" to `fields`: Personal(…), NotPersonal("why"), Technical() …'
            yield "E002", f"The field {field.name} is not classified.", hint
    if any(map(is_about_people, kinds.values())) and declared.activity not in ACTIVITIES:
        hint = "Set `activity` to the key of an Activity that a privacy.py registers."
        yield "E001", f"Personal data under no registered activity ({declared.activity or 'none'}).", hint


def nothing_invented(model: Model, declared: Classification) -> Found:  # noqa: C901
    known = {field.name for field in fields_of(model)}
    for name in declared.kinds():
        if name not in known:
            yield "E003", f"The declared field {name} does not exist.", "Take it out of `fields` or correct its name."
    for name, edge in declared.edges.items():
        columns = {Key: ("field",), Generic: ("ct", "pk")}.get(type(edge), ())
        for column in filter(None, (getattr(edge, column) for column in columns)):
            if column not in known:
                yield "E003", f"The edge {name} names the missing column {column}.", "Name a field."
        if isinstance(edge, JsonKey) and not ways_to(model, name):
            yield "E003", f"No JSON field describes the path {edge.path}.", "Describe it in `Json({…})`."
        if not columns and not isinstance(edge, JsonKey) and target_of(model, name) is None and name not in known:
            yield "E003", f"The edge {name} is no relation of this model.", "Take it out of `edges`."
    for name, kind in declared.kinds().items():
        if kind.about not in WHOSE and kind.about not in declared.edges:
            yield (
                "E003",
                f"{name} is about {kind.about}, which is no edge.",
                f"Write an edge or one of {sorted(WHOSE)}.",
            )


def ways_to(model: Model, edge: str) -> list[Any]:
    return [way for way in ways(model) if way.edge == edge]


def relations_have_edges(model: Model, declared: Classification) -> Found:
    for field in fields_of(model):
        if isinstance(field, GenericForeignKey):
            edge = declared.edges.get(field.name)
            if not isinstance(edge, Generic):
                yield (
                    "E012",
                    f"The generic relation {field.name} has no meaning.",
                    (f'Add "{field.name}": Generic(ct="{field.ct_field}", pk="{field.fk_field}") to `edges`.'),
                )
        elif field.is_relation and field.name not in declared.edges:
            hint = f'Add "{field.name}" to `edges`: Owner("role"), CoSubject, Actor, Part(), Same() or Ref().'
            yield "E004", f"The relation {field.name} has no edge.", hint
    for name, edge in declared.edges.items():
        target = target_of(model, name)
        if (
            isinstance(edge, Owner | CoSubject | Actor | Named | Same)
            and target is not None
            and not holds_people(target)
        ):
            hint = f"{target._meta.label} has no Identifier: write Part() or Ref(), or give it one."
            yield "E004", f"{name} leads to a model that holds no people.", hint


def leads_to_people(model: Model, declared: Classification) -> Found:
    if declared.unlinked is None and any(map(is_about_people, declared.kinds().values())) and not ways(model):
        hint = 'Declare an edge that leads to a person, an Identifier, or `unlinked=Unlinked("reason", …)`.'
        yield "E005", "Personal data that leads to no person.", hint
    owners = [edge.role for edge in declared.edges.values() if isinstance(edge, Owner)]
    if len(owners) > 1 and (len(set(owners)) < len(owners) or not all(owners)):
        yield "E006", "Two owners in one role.", "Give each Owner a role of its own, or make one a CoSubject."


def parts_end(model: Model, declared: Classification) -> Found:
    seen: list[Model] = []
    open_ends = [model]
    while open_ends:
        present = open_ends.pop()
        parents = _parents(present)
        if model in parents:
            yield "E007", "Part edges lead back to the same model.", "Make one of them Ref()."
            return
        open_ends += [parent for parent in parents if parent not in seen]
        seen += parents


def _parents(model: Model) -> list[Model]:
    declared = classification_of(model)
    parts = (name for name, edge in (declared.edges if declared else {}).items() if isinstance(edge, Part))
    return [target for name in parts if (target := target_of(model, name)) is not None]


def erasers_work(model: Model, declared: Classification) -> Found:
    named = {field.name: field for field in fields_of(model)}
    erased = {}
    for name, kind in declared.kinds().items():
        if name in named and kind.erase is not None:
            if obstacle := _obstacle(named[name], kind.erase):
                yield (
                    "E008",
                    f"{name} cannot be erased by {type(kind.erase).__name__}: {obstacle}.",
                    "Choose another eraser.",
                )
            if isinstance(kind.erase, Null | Blank | Constant):
                erased[name] = _left_by(named[name], kind.erase)
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.CheckConstraint) and broken(constraint.condition, erased):
            hint = "Choose an eraser whose value the constraint allows."
            yield "E008", f"Erasing breaks the constraint {constraint.name}.", hint


def _left_by(field: Any, eraser: Eraser) -> object:
    match eraser:
        case Constant():
            return eraser.value
        case Blank():
            return (field.empty_strings_allowed and "") or ({} if isinstance(field, models.JSONField) else "")
    return None


def _obstacle(field: Any, eraser: Eraser) -> str:  # noqa: C901, PLR0911, PLR0912
    choices = [value for value, _ in field.flatchoices] if getattr(field, "choices", None) else None
    match eraser:
        case Null() if not field.null:
            return "the column is NOT NULL"
        case Blank() if not (_is_text(field) or isinstance(field, models.JSONField | models.FileField)):
            return "the column is no text"
        case Blank() | Constant() if field.unique:
            return "the column is unique"
        case Blank() if choices is not None and "" not in choices and not field.blank:
            return "the empty value is no choice"
        case Constant() if choices is not None and eraser.value not in choices:
            return "the value is no choice"
        case Constant() if _is_text(field) and field.max_length and len(str(eraser.value)) > field.max_length:
            return f"the value is longer than {field.max_length}"
        case RandomUnique() if not _is_text(field):
            return "the column is no text"
        case RandomUnique() if field.max_length and len(eraser.value()) > field.max_length:
            return f"the value is longer than {field.max_length}"
        case RandomUnique() if isinstance(field, models.EmailField) and "@" not in eraser.suffix:
            return "the value is no e-mail address"
        case Generalise(to="year" | "month") if not isinstance(field, models.DateField):
            return "the column is no date"
        case Generalise(to="band") if not isinstance(
            field, models.IntegerField | models.DecimalField | models.FloatField
        ):
            return "the column is no number"
        case ScrubKnown() if not _is_text(field):
            return "the column is no text"
        case DeleteBlob() if not isinstance(field, models.FileField):
            return "the column is no file"
        case Opaque() if not (isinstance(field, models.JSONField) or _is_text(field)):
            return "the column is no JSON"
    return ""


def keeping_ends(model: Model, declared: Classification) -> Found:
    kinds = declared.kinds()
    if declared.trail and declared.trail not in GROUNDS:
        hint = f"Use a ground of kernel.classification.GROUNDS: {', '.join(GROUNDS)}."
        yield "E009", f"Its audit entries are kept without a ground and an end ({declared.trail}).", hint
    for name, kind in kinds.items():
        if isinstance(kind.erase, Keep):
            ground = GROUNDS.get(kind.erase.ground)
            if ground is None or not ground.law or not DURATION.fullmatch(ground.keep):
                hint = f"Use a ground of kernel.classification.GROUNDS: {', '.join(GROUNDS)}."
                yield "E009", f"{name} is kept without a ground and an end ({kind.erase.ground}).", hint
            elif declared.retention is None and "created_at" not in kinds:
                hint = "Declare `retention=Retention(anchor=…)`, so that the end can be counted."
                yield "E009", f"{name} is kept until a day that nothing counts from.", hint


def contents_described(model: Model, declared: Classification) -> Found:
    kinds = declared.kinds()
    for field in fields_of(model):
        kind = kinds.get(field.name)
        if kind is None:
            continue
        if isinstance(field, models.FileField) and kind.is_personal:
            if not isinstance(kind, File) or not isinstance(kind.erase, DeleteBlob | Keep):
                hint = 'Write File("pd:…", erase=DeleteBlob()) or erase=Keep("ground").'
                yield "E011", f"The file {field.name} has no way to be erased.", hint
        elif isinstance(field, models.JSONField) and kind.is_personal:
            described = isinstance(kind, Json | Derived) or isinstance(kind.erase, Opaque | Keep)
            if not described:
                hint = 'Describe it: Json({"$.path": …}), or erase it whole: erase=Opaque().'
                yield "E010", f"Nothing says what is inside the JSON field {field.name}.", hint
        if _holds_anything(field) and not kind.is_personal and not getattr(kind, "reviewer", ""):
            hint = 'Write FreeText(…), Json(…), File(…), or NotPersonal("why", reviewer="who looked").'
            yield "E018", f"Anything may stand in {field.name}, and nobody vouches that nothing personal does.", hint


def paths_indexed(model: Model, declared: Classification) -> Found:
    leading = set(_leading_columns(model))
    for name, edge in declared.edges.items():
        column = {Key: "field", Generic: "ct"}.get(type(edge))
        path = (getattr(edge, column) or edge.pk) if column else name
        if isinstance(edge, JsonKey):
            hint = "Keep the key in an indexed column and write Key(…)."
            yield "E014", f"The path {edge.path} of {name} has no index.", hint
        elif isinstance(edge, Owner | CoSubject | Actor | Named | Part | Same | Key | Generic) and path not in leading:
            field = next((field for field in fields_of(model) if field.name == path), None)
            if field is not None and not field.many_to_many:
                hint = f"Let an index begin with {path}: a search for one person must not read the whole table."
                yield "E014", f"The column {path} leads to a person and has no index.", hint


def _leading_columns(model: Model) -> Iterator[str]:
    meta = model._meta
    for field in meta.local_concrete_fields:
        if field.db_index or field.unique:
            yield field.name
    for together in meta.unique_together:
        yield together[0]
    for index in (*meta.indexes, *meta.constraints):
        names = getattr(index, "fields", ())
        if names and _spares_only_the_empty(getattr(index, "condition", None)):
            yield names[0].lstrip("-")


def _spares_only_the_empty(condition: models.Q | None) -> bool:
    """A partial index may leave out rows that name nobody."""
    if condition is None:
        return True
    (key, value), *more = condition.children
    return not more and ((str(key).endswith("__isnull") and value is False) or (condition.negated and value == ""))


def special_care(model: Model, declared: Classification) -> Found:
    for name, kind in declared.kinds().items():
        if isinstance(kind, Special) and not re.fullmatch(r"A9-2-[a-j]", kind.art9):
            yield "E015", f"{name} is of a special category without a condition of Art. 9(2).", 'Write art9="A9-2-b".'
        if isinstance(kind, Criminal) and not kind.art10:
            yield "E015", f"{name} is about offences without a law (Art. 10).", "Name the law in art10."


def retention_counts(model: Model, declared: Classification) -> Found:
    plan = declared.retention or (declared.unlinked.retention if declared.unlinked else None)
    if plan is None:
        return
    named = {field.name: field for field in fields_of(model)}
    if not DURATION.fullmatch(plan.keep):
        yield "E016", f"{plan.keep} is no duration.", "Write an ISO 8601 duration, such as P10Y."
    for name in filter(None, (plan.anchor, plan.fallback)):
        if not isinstance(named.get(name), models.DateField):
            yield "E016", f"The anchor {name} of the retention is no moment of this model.", "Name a date field."
    last = named.get(plan.fallback or plan.anchor)
    if last is not None and last.null:
        yield "E016", f"{last.name} may be empty, and then nothing ends the retention.", 'Add fallback="created_at".'


def sources_listed(model: Model, declared: Classification) -> Found:
    kinds = declared.kinds()
    for field in fields_of(model):
        kind = kinds.get(field.name)
        used: set[str] = set()
        if isinstance(field, models.GeneratedField):
            used = {part.name for part in field.expression.flatten() if isinstance(part, models.F)}
        if isinstance(kind, Derived):
            used = {*kind.sources, *used}
            missing = sorted(used - set(kinds)) + sorted(used - set(kind.sources))
        elif isinstance(field, SearchVectorField) and kind is not None:
            missing = [field.name]
        else:
            missing = sorted(name for name in used if name in kinds and kinds[name].is_personal)
        if missing:
            hint = "Write Derived(sources=(…)) naming every field it is computed from."
            yield "E017", f"{field.name} is computed from fields it does not name: {', '.join(missing)}.", hint


def history_can_forget(model: Model, declared: Classification) -> Found:
    """A table of history (`changes` beside a generic relation) keeps personal values where they can be removed."""
    if not any(isinstance(edge, Generic) for edge in declared.edges.values()):
        return
    names = {field.name for field in fields_of(model)}
    if "changes" in names and not any(isinstance(kind.erase, Opaque) for kind in declared.kinds().values()):
        hint = "Keep personal values in a JSON field with erase=Opaque(), apart from the others."
        yield "E013", "A history that holds personal values and cannot lose them.", hint


def reads_explained(model: Model, declared: Classification) -> Found:
    said = declared.reads
    about_people = any(map(is_about_people, declared.kinds().values()))
    if said is not None and said.level == "none" and about_people and not said.reason:
        hint = 'Write Reads("none", reason="why"), or leave `reads` out.'
        yield "E021", "Nobody would see who looked at these rows about people, and nothing says why.", hint


RULES: tuple[Callable[[Model, Classification], Found], ...] = (
    declared_and_complete,
    nothing_invented,
    relations_have_edges,
    leads_to_people,
    parts_end,
    erasers_work,
    keeping_ends,
    contents_described,
    history_can_forget,
    paths_indexed,
    special_care,
    retention_counts,
    sources_listed,
    reads_explained,
)


def problems_of(model: Model) -> list[CheckMessage]:
    declared = classification_of(model)
    if declared is None:
        hint = "Give it `classification = Classification(…)`, or for a foreign model classify(…) in a privacy.py."
        return [Error(f"{model._meta.label} has no classification.", hint=hint, obj=model, id="privacy.E001")]
    return [
        Error(f"{model._meta.label}: {sentence}", hint=hint, obj=model, id=f"privacy.{number}")
        for rule in RULES
        for number, sentence, hint in rule(model, declared)
    ]


@register("privacy")
def check_declarations(app_configs: Iterable[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    chosen = set(app_configs or apps.get_app_configs())
    return [
        message for model in classified_models() if model._meta.app_config in chosen for message in problems_of(model)
    ]
