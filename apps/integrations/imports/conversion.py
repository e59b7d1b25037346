"""From the text of a cell to the value of a field."""

import datetime
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

import orjson
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.integrations.imports.profile import Rule

Cells = Mapping[str, str | None]
Convert = Callable[[Cells], Any]
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})", re.ASCII)
_ESCAPE = re.compile(r"\\([\\nrt])")
_ESCAPED = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}


class Unconvertible(ValueError):
    """This text is not such a value; the message is the reason that the report shows."""


def converter(rule: Rule) -> Convert:
    """The whole way of one rule, put together once and run for every line."""
    if rule.constant is not None:
        constant = _typed(rule)(str(rule.constant)) if _needs_typing(rule) else rule.constant
        return lambda _cells: constant
    typed = _typed(rule)
    empty = "" if _is_text(rule.target) and not rule.target.null else None
    default = rule.default if rule.default is not None else empty

    def convert(cells: Cells) -> Any:
        text = _text(rule, cells)
        if rule.present is not None or rule.absent is not None:
            return rule.absent if text is None else rule.present
        if text is None:
            return default
        return _mapped(rule, text) if rule.map is not None else typed(text)

    return convert


def _needs_typing(rule: Rule) -> bool:
    return not isinstance(rule.constant, bool | list | dict) and not _is_text(rule.target)


def _is_text(target: "models.Field[Any, Any]") -> bool:
    return isinstance(target, models.CharField | models.TextField)


def _text(rule: Rule, cells: Cells) -> str | None:
    text = _source(rule, cells)
    if text is None or text in rule.null:
        return None
    if rule.split:
        parts = text.split(rule.split)
        text = parts[rule.part - 1].strip() if rule.part <= len(parts) else ""
    if rule.unescape:
        text = _ESCAPE.sub(lambda found: _ESCAPED[found[1]], text)
    if rule.case:
        text = getattr(text, rule.case)()
    return text or None


def _source(rule: Rule, cells: Cells) -> str | None:
    if rule.column:
        return cells[rule.column]
    if rule.template:
        filled = rule.template.format_map({name: cells[name] or "" for name in rule.columns}).strip()
        return filled if any(cells[name] for name in rule.columns) else None
    return rule.separator.join(cell for name in rule.join if (cell := cells[name])) or None


def _mapped(rule: Rule, text: str) -> object:
    found = (rule.map or {}).get(text, rule.otherwise)
    if found is None:
        raise Unconvertible("The profile maps no such word.")
    return found


def _typed(rule: Rule) -> Callable[[str], Any]:
    """By the kind of the field, the more special first."""
    kinds: tuple[tuple[type[models.Field[Any, Any]], Callable[[Rule, str], Any]], ...] = (
        (models.DecimalField, _decimal),
        (models.BooleanField, _boolean),
        (models.IntegerField, _integer),
        (models.DateTimeField, _moment),
        (models.DateField, _day),
        (models.JSONField, _json),
    )
    for kind, convert in kinds:
        if isinstance(rule.target, kind):
            return partial(convert, rule)
    if _is_text(rule.target):
        return str
    return rule.target.to_python


def _number(rule: Rule, text: str) -> str:
    return (text.replace(rule.thousands, "") if rule.thousands else text).replace(rule.decimal_mark, ".")


def _decimal(rule: Rule, text: str) -> Decimal:
    number = _number(rule, text)
    if not _DECIMAL.fullmatch(number):
        raise Unconvertible(f"This is not a decimal number such as 12{rule.decimal_mark}50.")
    value = Decimal(number)
    if rule.places is None:
        return value
    return value.quantize(Decimal(1).scaleb(-rule.places), rounding=ROUND_HALF_UP)


def _integer(rule: Rule, text: str) -> int:
    number = text.replace(rule.thousands, "") if rule.thousands else text
    if not _INTEGER.fullmatch(number):
        raise Unconvertible("This is not a whole number.")
    return int(number)


def _boolean(rule: Rule, text: str) -> bool:
    word = text.casefold()
    if word in {said.casefold() for said in rule.true}:
        return True
    if word in {said.casefold() for said in rule.false}:
        return False
    raise Unconvertible(f"This is none of the words for yes and no: {', '.join((*rule.true, *rule.false))}.")


def _parsed(formats: tuple[str, ...], text: str) -> datetime.datetime | None:
    for form in formats:
        try:
            return datetime.datetime.strptime(text, form)  # noqa: DTZ007 — the zone is added by the caller
        except ValueError:
            continue
    return None


def _day(rule: Rule, text: str) -> datetime.date:
    moment = _parsed(rule.formats or ("%Y-%m-%d",), text)
    if moment is None:
        raise Unconvertible(f"This is not a date of the form {' or '.join(rule.formats or ('%Y-%m-%d',))}.")
    return moment.date()


def _moment(rule: Rule, text: str) -> datetime.datetime:
    try:
        moment = _parsed(rule.formats, text) if rule.formats else parse_datetime(text) or _parsed(("%Y-%m-%d",), text)
    except ValueError:
        moment = None
    if moment is None:
        raise Unconvertible(
            f"This is not a moment of the form {' or '.join(rule.formats or ('YYYY-MM-DD HH:MM:SS',))}."
        )
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment, datetime.UTC)


def _json(rule: Rule, text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unconvertible("This is not JSON.") from error
