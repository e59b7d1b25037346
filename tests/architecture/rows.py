"""A smallest valid row of any model, made without knowing the model."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from apps.access.models import Unit

_made: dict[type[models.Model], int] = {}
_SMALLEST: "tuple[tuple[type[models.Field[Any, Any]], Callable[[int], Any]], ...]" = (
    (models.UUIDField, lambda _number: uuid7()),
    (models.EmailField, lambda number: f"row{number}@example.org"),
    (models.CharField, lambda number: f"r{number}"),
    (models.TextField, lambda number: f"r{number}"),
    (models.FileField, lambda number: f"r{number}.txt"),
    (models.BooleanField, lambda _number: False),
    (models.DecimalField, Decimal),
    (models.IntegerField, int),
    (models.DateTimeField, lambda _number: timezone.now()),
    (models.DateField, lambda number: datetime.date(2024, 1, 1) + datetime.timedelta(days=number)),
    (models.JSONField, lambda _number: {}),
    (models.GenericIPAddressField, lambda number: f"192.0.2.{number % 250}"),
)


def _value(field: "models.Field[Any, Any]", number: int) -> Any:
    if field.choices:
        return field.flatchoices[0][0]
    for kind, smallest in _SMALLEST:
        if isinstance(field, kind):
            return smallest(number)
    raise TypeError(f"{field.model._meta.label}.{field.name}: say in tests/architecture/rows.py what is smallest.")


def _needs_no_value(field: "models.Field[Any, Any]") -> bool:
    automatic = field.primary_key or getattr(field, "generated", False) or getattr(field, "auto_now", False)
    may_be_empty = field.empty_strings_allowed and field.blank and field.name != "number"
    optional = field.null or field.has_default() or may_be_empty
    return automatic or optional or getattr(field, "auto_now_add", False)


def row_of(model: type[models.Model], unit: Unit, **given: Any) -> Any:
    """A new row in this unit, and the rows it needs; `given` are values that the caller wants in it."""
    number = _made[model] = _made.get(model, 0) + 1
    if model is Unit:
        slug = f"unit-{number}"
        return Unit.objects.create(parent=unit, name=slug, slug=slug, path=f"{unit.path}{slug}/")
    values: dict[str, Any] = dict(given)
    for field in model._meta.concrete_fields:
        if field.name in values or _needs_no_value(field):
            continue
        if isinstance(field, models.ForeignKey):
            related = field.related_model
            values[field.name] = unit if related is Unit else row_of(related, unit)
        else:
            values[field.name] = _value(field, number)
    row = model(**values)
    row.save(force_insert=True)
    return row
