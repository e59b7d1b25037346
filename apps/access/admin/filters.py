"""Filters that offer only what the reader may see."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RelatedDropdownFilter

from apps.access.models import Unit


class UnitFilter(RelatedDropdownFilter):
    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        view = f"{model_admin.opts.app_label}.view_{model_admin.opts.model_name}"
        return [(unit.pk, str(unit)) for unit in Unit.objects.permitted(request.user, view).order_by("path")]


class RecordFilter(AutocompleteSelectFilter):
    """Rows of another kind, found by typing, named as their own page names them."""

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        page = self.model_admin.admin_site.get_model_admin(self.field.related_model)
        for said in super().choices(changelist):
            field = said["form"].fields[self.lookup_kwarg]
            field.queryset = page.get_queryset(self.request)
            field.label_from_instance = page.named
            yield said
