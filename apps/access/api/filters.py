"""What may be asked of a list: only what is declared, and nothing that tells of invisible rows."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import QuerySet
from django_filters import FilterSet, UUIDFilter
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request


class StrictFilterSet(FilterSet):
    """Filters by related rows compare keys and never tell whether an invisible row exists."""

    class Meta:
        filter_overrides: ClassVar[dict[type[models.Field], dict[str, Any]]] = {
            models.ForeignKey: {"filter_class": UUIDFilter},
            models.OneToOneField: {"filter_class": UUIDFilter},
        }


class StrictFilterBackend(DjangoFilterBackend):
    """A parameter that no filter knows is refused by name."""

    filterset_base = StrictFilterSet
    general: ClassVar[set[str]] = {"cursor", "page_size", "ordering"}

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset_class = self.get_filterset_class(view, queryset)
        known = set(filterset_class.base_filters) if filterset_class else set()
        unknown = set(request.query_params) - known - self.general
        if unknown and view.action == "list":
            allowed = ", ".join(sorted(known | self.general))
            raise ValidationError({name: [f"Unknown parameter. Allowed: {allowed}."] for name in sorted(unknown)})
        return super().filter_queryset(request, queryset, view)


class StrictOrderingFilter(OrderingFilter):
    """One column of `ordering_fields`, each of them indexed; a minus turns it round."""

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> list[str]:
        said = request.query_params.get(self.ordering_param)
        fields = getattr(view, "ordering_fields", ())
        if said is None:
            return [getattr(view, "ordering", None) or "pk"]
        if said.removeprefix("-") not in fields:
            allowed = ", ".join(fields) or "none"
            raise ValidationError({"ordering": [f"Cannot order by this. Allowed: {allowed}."]})
        return [said]
