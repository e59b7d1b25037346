"""A record as it was at a moment, rebuilt from the trail: from its creation forward, or backward from what is known of
a later moment, its deletion or the present row.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import JSONField, Model
from django.db.models.expressions import RawSQL

from apps.audit.exemptions import EXEMPT
from apps.audit.models import AuditEvent
from apps.audit.timeline import erased_fields, valid_keys
from apps.audit.tracking import column_of, tracking_of
from apps.kernel.trail import Action

WRITES = (Action.CREATE, Action.UPDATE, Action.DELETE)


class Hidden(Enum):
    """What stands where a value cannot be shown."""

    ERASED = "erased"
    NEVER_RECORDED = "never recorded"


class State(Enum):
    THERE = "there"
    NOT_YET = "not yet"
    GONE = "gone"
    UNKNOWN = "unknown"
    """The trail holds too little: neither the beginning nor anything later to go back from."""


class Basis(Enum):
    CREATION = "creation"
    DELETION = "deletion"
    PRESENT = "present"
    NOTHING = "nothing"


class Written(NamedTuple):
    """What an entry says about a row: old and new of each field."""

    number: int
    timestamp: datetime
    action: int
    pairs: dict[str, list[Any]]


@dataclass(frozen=True)
class Moment:
    """`values` are those of the moment, or the last ones of a record that was gone by then."""

    state: State
    basis: Basis = Basis.NOTHING
    values: dict[str, Any] = field(default_factory=dict)
    since: datetime | None = None
    """When it was deleted, where it was gone."""


def as_of(kind: ContentType, keys: Iterable[str], at: datetime) -> dict[str, Moment]:
    """Each of these records as it was; the entries are read once for all of them.

    Rows that the trail does not record are not looked at: what they hold was never said to be read by auditors.
    """
    wanted = sorted(set(keys))
    written = _written(kind, wanted)
    model = kind.model_class()
    present = _present(model, wanted) if model and model._meta.label_lower not in EXEMPT else {}
    return {key: _rebuilt(written.get(key, []), present.get(key), at) for key in wanted}


def _written(kind: ContentType, keys: Sequence[str]) -> dict[str, list[Written]]:
    """In the order of their numbers: two writes of one row wait for each other, whatever the clock says."""
    entries = AuditEvent.objects.filter(content_type=kind, object_pk__in=keys, action__in=WRITES).order_by("id")
    rows = list(entries.values_list("object_pk", "pk", "timestamp", "action", "changes", "personal"))
    erased = erased_fields(number for _key, number, *_rest in rows)
    found: dict[str, list[Written]] = defaultdict(list)
    for key, number, timestamp, action, changes, personal in rows:
        pairs = {name: _pair(pair) for name, pair in changes.items()}
        pairs |= {name: pair[1:] for name, pair in personal.items()}
        pairs |= {name: [Hidden.ERASED, Hidden.ERASED] for name in erased.get(number, ()) if not name.startswith("@")}
        found[key].append(Written(number, timestamp, action, pairs))
    return found


def _pair(pair: list[Any]) -> list[Any]:
    return [Hidden.NEVER_RECORDED, Hidden.NEVER_RECORDED] if pair == [None, None] else pair


def _present(model: type[Model], keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The rows as the triggers would spell them."""
    tracking = tracking_of(model)
    secrets = {word.partition(":")[0] for word in tracking.secret.split()}
    columns = {each.name: column_of(each) for each in model._meta.concrete_fields}
    rows = model._base_manager.order_by().filter(pk__in=list(valid_keys(model, keys)))
    whole = RawSQL(f'to_jsonb("{model._meta.db_table}".*)', (), output_field=JSONField())  # noqa: S611
    return {
        str(key): {
            name: Hidden.NEVER_RECORDED if name in secrets else row[column]
            for name, column in columns.items()
            if row[column] is not None
        }
        for key, row in rows.values_list("pk", whole)
    }


def _rebuilt(written: Sequence[Written], present: dict[str, Any] | None, at: datetime) -> Moment:
    before = [each for each in written if each.timestamp <= at]
    after = [each for each in written if each.timestamp > at]
    ends = [place for place, each in enumerate(before) if each.action != Action.UPDATE]
    if ends and before[ends[-1]].action == Action.DELETE:
        last = before[ends[-1]]
        return Moment(State.GONE, Basis.DELETION, _ended(last), since=last.timestamp)
    if ends:
        return Moment(State.THERE, Basis.CREATION, _forward(before[ends[-1] :]))
    return _without_beginning(before, after, present)


def _without_beginning(before: Sequence[Written], after: Sequence[Written], present: dict[str, Any] | None) -> Moment:
    """The trail began later than the record, or its first months are gone."""
    end = next((place for place, each in enumerate(after) if each.action != Action.UPDATE), None)
    if end is not None and after[end].action == Action.DELETE:
        return Moment(State.THERE, Basis.DELETION, _backward(_ended(after[end]), after[:end]))
    if end is not None and not before and not end:
        return Moment(State.NOT_YET)
    if end is None and present is not None:
        return Moment(State.THERE, Basis.PRESENT, _backward(present, after))
    return Moment(State.UNKNOWN, Basis.NOTHING, _forward(before))


def _forward(written: Iterable[Written]) -> dict[str, Any]:
    return _known({name: new for each in written for name, (_old, new) in each.pairs.items()})


def _backward(values: dict[str, Any], written: Sequence[Written]) -> dict[str, Any]:
    undone = {name: old for each in reversed(written) for name, (old, _new) in each.pairs.items()}
    return _known(values | undone)


def _ended(deletion: Written) -> dict[str, Any]:
    return _known({name: old for name, (old, _new) in deletion.pairs.items()})


def _known(values: dict[str, Any]) -> dict[str, Any]:
    """An empty value is not told from a field that did not exist yet: the trail holds neither."""
    return {name: value for name, value in values.items() if value is not None}
