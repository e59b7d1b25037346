"""Who looked at whom: what a request shows of people is noted meanwhile and entered before the answer leaves.

One entry for each class of rows, however many rows: a list names its filters, how many there were and the first 200.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import connection
from django.db.models import Model

from apps.kernel.classification import classification_of, read_level
from apps.kernel.trail import Action, Entry, Notes, Shown, current, statement_of

MOST_KEYS = 200
LONGEST = 100
PAGING = {"cursor", "page_size", "count", "fields", "ordering", "p", "o", "e", "all"}
"""Parameters that choose a page and not its rows."""
_TELLS_NOTHING = re.compile(
    r"[0-9]{1,18}|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|true|false"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?|[0-9]{2}:[0-9:.]+",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z0-9._:/-]{1,100}")
"""The form of keys, labels, requests and batches: no address and no words."""
_RANGE = re.compile(r"_(from|to)(_[01])?$")


def _notes() -> Notes | None:
    context = current()
    return context.notes if context else None


def show(
    model: type[Model],
    keys: Iterable[object],
    *,
    door: str,
    filters: Mapping[str, str | None] | None = None,
    fields: Sequence[str] = (),
) -> None:
    """Note that these rows stand in the answer. `filters` make it a list, whatever its length."""
    notes = _notes()
    if notes is None or read_level(model) == "none":
        return
    shown = notes.shown.setdefault(model, Shown(door, filters, fields))
    if shown.filters is None and filters is not None:
        shown.door, shown.filters, shown.fields = door, filters, fields
    shown.keys.update(dict.fromkeys(map(str, keys)))


def refuse(*rows: Model, **said: object) -> None:
    """Note that the request was refused something. `said` tells what: keys and codes, no personal value."""
    notes = _notes()
    if notes is not None:
        notes.refused.update(said)
        notes.refused_rows.update(dict.fromkeys((type(row), str(row.pk)) for row in rows))


def refuse_if_there(model: type[Model], said: object) -> None:
    """What others may see was refused to this reader; what is not there for anybody was not."""
    try:
        row = model._base_manager.filter(pk=said).first()
    except (ValueError, TypeError, ValidationError):
        return
    if row is not None:
        refuse(row, code="invisible")


def entry_of(model: type[Model], shown: Shown) -> Entry:
    details: dict[str, object] = {"door": shown.door}
    keys = list(shown.keys)
    is_list = shown.filters is not None or len(keys) != 1
    if is_list:
        details |= {"filters": shown.filters or {}, "count": len(keys), "ids": keys[:MOST_KEYS]}
    if read_level(model) == "values":
        details["fields"] = list(shown.fields)
    return Entry(Action.ACCESS, model._meta.label_lower, [] if is_list else keys, details)


def take(notes: Notes) -> list[Entry]:
    """What was shown since it was last asked for."""
    entries = [entry_of(model, shown) for model, shown in notes.shown.items() if shown.keys or shown.door == "list"]
    notes.shown.clear()
    return entries


def refusal(notes: Notes, label: str, **said: object) -> Entry:
    """The entry of a refusal, about the rows that were noted or else about this class."""
    rows = list(notes.refused_rows)
    if rows:
        label = rows[0][0]._meta.label_lower
    keys = [key for _model, key in rows]
    details = {**said, **notes.refused}
    if len(keys) > 1:
        details |= {"count": len(keys), "ids": keys[:MOST_KEYS]}
    return Entry(Action.REFUSED, label, keys if len(keys) == 1 else [], details)


@contextmanager
def riding() -> Iterator[None]:
    """What has been noted is written together with the first statement inside, without a way of its own."""

    def carry(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001
        notes = _notes()
        entries = take(notes) if notes is not None else []
        if not entries:
            return execute(sql, params, many, context)
        first, values = statement_of(entries)
        answer = execute(f"{first}; {sql}", [*values, *(params or ())], many, context)
        context["cursor"].nextset()
        return answer

    with connection.execute_wrapper(carry):
        yield


def filters_said(
    model: type[Model], said: Mapping[str, str], tell_nothing: Container[str] = ()
) -> dict[str, str | None]:
    """Each filter with its value, or with None where the value may tell something about somebody.

    Kept are values of fields that hold nothing personal, and keys, numbers and moments of any other but personal ones;
    an address never, whatever the field: somebody may have typed it there.
    """
    return {
        name: value[:LONGEST]
        if (_WORD.fullmatch(value) if name in tell_nothing else _tells_nothing(model, name, value))
        else None
        for name, value in said.items()
        if name not in PAGING and value
    }


def _tells_nothing(model: type[Model], name: str, value: str) -> bool:
    looks_like_a_key = bool(_TELLS_NOTHING.fullmatch(value))
    try:
        field = model._meta.get_field(_RANGE.sub("", name).split("__", maxsplit=1)[0])
    except FieldDoesNotExist:
        return looks_like_a_key
    declared = classification_of(model)
    kind = declared.kinds().get(field.name) if declared else None
    if kind is None or field.is_relation:
        return looks_like_a_key and (kind is None or not kind.is_personal)
    return not kind.is_personal and "@" not in value
