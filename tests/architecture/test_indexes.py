"""Whatever may be asked of a list of a domain stands in an index, so that it is as fast with a million rows."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Upper

from apps.access.api.base import ReadMixin, UnitScopedView
from apps.access.api.filters import StrictFilterBackend
from apps.access.routes import api_routes

DOMAINS = {*settings.DOMAIN_APPS, "sample"}
READ = {route.view for route in api_routes() if issubclass(route.view, ReadMixin)}
VIEWS = sorted(
    {view for view in READ if issubclass(view, UnitScopedView) and view.queryset.model._meta.app_label in DOMAINS},
    key=lambda view: view.__name__,
)


def begins(model: type[models.Model]) -> list[tuple[str, ...]]:
    """The columns of every index that holds all rows."""
    rules = [*model._meta.indexes, *model._meta.constraints]
    whole = [rule for rule in rules if getattr(rule, "fields", ()) and not rule.condition]
    alone = [field for field in model._meta.concrete_fields if field.db_index or field.unique]
    return [
        *(tuple(name.lstrip("-") for name in rule.fields) for rule in whole),
        *((field.name,) for field in alone),
    ]


def prefixes(model: type[models.Model]) -> set[str]:
    """The columns with an index for their beginnings in capitals."""
    found = set()
    for index in model._meta.indexes:
        for expression in index.expressions:
            if isinstance(expression, OpClass) and expression.extra["name"] == "text_pattern_ops":
                inner = expression.get_source_expressions()[0]
                if isinstance(inner, Upper):
                    found.add(inner.get_source_expressions()[0].name)
    return found


def missing(view: Any) -> list[str]:
    known = begins(view.queryset.model)
    orders = {view.ordering.lstrip("-").replace("pk", "id"), *view.ordering_fields}
    filters = StrictFilterBackend().get_filterset_class(view(), view.queryset)
    filtered = {each.field_name for each in filters.base_filters.values()} if filters else set()
    return [
        *(f"ordering {name}" for name in orders if not any(index[:2] == ("unit", name) for index in known)),
        *(
            f"filter {name}"
            for name in filtered
            if not any(index[:1] == (name,) or index[:2] == ("unit", name) for index in known)
        ),
        *(f"search {name}" for name in set(view.search_fields) - prefixes(view.queryset.model)),
    ]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_everything_that_a_list_is_asked_for_has_an_index(view):
    assert sorted(missing(view)) == []


def test_an_ordering_a_filter_or_a_search_without_an_index_is_found():
    class Careless(VIEWS[0]):  # type: ignore[misc, valid-type]
        ordering_fields = ("updated_at",)
        filterset_fields = ("updated_at",)
        filterset_class = None
        search_fields = ("updated_at",)

    assert sorted(missing(Careless)) == ["filter updated_at", "ordering updated_at", "search updated_at"]
