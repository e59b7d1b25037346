"""Whether a CHECK constraint certainly refuses given values. What cannot be known without the row is not refused."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q
from django.db.models.expressions import BaseExpression, Combinable

LOOKUPS: dict[str, Callable[[Any, Any], bool]] = {
    "exact": lambda value, bound: value == bound,
    "in": lambda value, bound: value in bound,
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
    "regex": lambda value, bound: re.search(bound, value) is not None,
}


def broken(condition: Any, values: Mapping[str, object]) -> bool:
    return _truth(condition, values) is False


def _truth(condition: Any, values: Mapping[str, object]) -> bool | None:
    """Three-valued as in SQL: `None` is unknown."""
    if isinstance(condition, tuple):
        return _compared(condition, values)
    if not isinstance(condition, Q):
        return None
    truths = [_truth(child, values) for child in condition.children]
    if condition.connector == Q.AND:
        truth = False if False in truths else None if None in truths else True
    elif condition.connector == Q.OR:
        truth = True if True in truths else None if None in truths else False
    else:
        truth = None
    return truth if truth is None or not condition.negated else not truth


def _compared(condition: tuple[str, Any], values: Mapping[str, object]) -> bool | None:
    name, _, lookup = condition[0].partition("__")
    bound = condition[1]
    if name not in values or isinstance(bound, BaseExpression | Combinable):
        return None
    value = values[name]
    if lookup == "isnull" or bound is None:
        return (value is None) == (bound is not False)
    if value is None or (lookup or "exact") not in LOOKUPS:
        return None
    return LOOKUPS[lookup or "exact"](value, bound)
