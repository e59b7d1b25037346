"""What may be asked of a list: only what is declared, and nothing that tells of invisible rows."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError as FormValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django_filters import Filter, FilterSet, TypedChoiceFilter, UUIDFilter
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.filters import BaseFilterBackend, OrderingFilter
from rest_framework.request import Request


@extend_schema_field(OpenApiTypes.BOOL)
class YesOrNoFilter(TypedChoiceFilter):
    """`true` or `false`; anything else is refused, where Django's own would not filter at all."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(choices=choices, coerce=lambda said: said == "true", **kwargs)


class StrictFilterSet(FilterSet):
    """Filters by related rows compare keys and never tell whether an invisible row exists."""

    class Meta:
        filter_overrides: ClassVar[dict[type[models.Field], dict[str, Any]]] = {
            models.ForeignKey: {"filter_class": UUIDFilter},
            models.OneToOneField: {"filter_class": UUIDFilter},
            models.BooleanField: {"filter_class": YesOrNoFilter},
        }


def refuse_unknown_parameters(request: Request, allowed: set[str]) -> None:
    """Each parameter is known, said once and says something."""
    names = ", ".join(sorted(allowed)) or "none"
    errors = {}
    for name, values in request.query_params.lists():
        if name not in allowed:
            errors[name] = [f"Unknown parameter. Allowed: {names}."]
        elif len(values) > 1:
            errors[name] = ["Say this parameter once."]
        elif not values[0]:
            errors[name] = ["Say a value, or leave the parameter out."]
    if errors:
        raise ValidationError(errors)


class StrictFilterBackend(DjangoFilterBackend):
    """Looks at what was said alone: a form of every filter would take longer than the page's statement."""

    filterset_base = StrictFilterSet
    built: ClassVar[dict[type, Mapping[str, Filter]]] = {}
    """The filters of each view, built once."""

    def filters(self, view: Any) -> Mapping[str, Filter]:
        if type(view) not in self.built:
            filterset_class = self.get_filterset_class(view, view.queryset)
            self.built[type(view)] = filterset_class(queryset=view.queryset).filters if filterset_class else {}
        return self.built[type(view)]

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        if view.detail or not request.query_params:
            return queryset
        errors: dict[str, list[ErrorDetail]] = {}
        for name, chosen in self.filters(view).items():
            if name not in request.query_params:
                continue
            try:
                value = chosen.field.clean(request.query_params[name])
            except FormValidationError as error:
                errors[name] = [ErrorDetail(each.messages[0], each.code or "invalid") for each in error.error_list]
            else:
                queryset = chosen.filter(queryset, value)
        if errors:
            raise ValidationError(errors)
        return queryset


class StrictOrderingFilter(OrderingFilter):
    """One column of `ordering_fields`, each of them indexed; a minus turns it round."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        return queryset if view.detail else super().filter_queryset(request, queryset, view)

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> list[str]:
        said = request.query_params.get(self.ordering_param)
        fields = getattr(view, "ordering_fields", ())
        if said is None:
            return [getattr(view, "ordering", None) or "pk"]
        if said.removeprefix("-") not in fields:
            allowed = ", ".join(fields) or "none"
            raise ValidationError({"ordering": [f"Cannot order by this. Allowed: {allowed}."]})
        return [said]


class PrefixSearchFilter(BaseFilterBackend):
    """`?search=`: rows of which a column of the view's `search_fields` begins so, in capitals or not."""

    said = forms.CharField(min_length=2, max_length=100)

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        if view.detail or "search" not in request.query_params:
            return queryset
        try:
            beginning = self.said.clean(request.query_params["search"])
        except FormValidationError as error:
            raise ValidationError({"search": error.messages}) from error
        return queryset.filter(reduce(or_, (Q(**{f"{name}__istartswith": beginning}) for name in view.search_fields)))

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        if not view.search_fields:
            return []
        columns = " or ".join(f"`{name}`" for name in view.search_fields)
        lengths = {"minLength": self.said.min_length, "maxLength": self.said.max_length}
        schema = {"type": "string", "pattern": "\\S[\\s\\S]*\\S", **lengths}
        says = f"Rows of which {columns} begins so."
        return [{"name": "search", "in": "query", "schema": schema, "description": says}]
