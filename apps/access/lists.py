"""Lists of any length: they count so far and no further, and refuse a question that is too wide with a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.paginator import Paginator
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled
from unfold.paginator import InfinitePaginator

from apps.kernel import reads
from apps.kernel.errors import BusinessError

COUNTED = 10_000
"""A list says "10,000+" of anything longer, and pages end here: nobody finds a row by leafing further."""
BUDGET = "3s"
"""What one statement of a list may take."""


class TooWide(BusinessError):
    """Too many rows would have to be looked at. Type more letters, or narrow the list by filters."""

    code = "too_wide"


class TooDeep(BusinessError):
    """There is no such page: a list ends at its 10,000th row. Narrow it by filters or by a search to see others."""

    code = "too_deep"


@contextmanager
def within_budget() -> Iterator[None]:
    """A statement that takes too long is a refusal, not a worker that hangs."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [BUDGET])
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooWide from error
        raise


class CappedPaginator(Paginator):
    template_name = "admin/pages.html"

    @cached_property
    def found(self) -> int:
        """Looks at one row more than it says."""
        return cast("QuerySet[Any]", self.object_list).order_by()[: COUNTED + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self.found, COUNTED)

    @property
    def is_capped(self) -> bool:
        return self.found > COUNTED


class Autocomplete(AutocompleteJsonView):
    """Offers rows by what people call them; what takes too long is a line that says so."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with within_budget():
                answer = super().get(request, *args, **kwargs)
        except TooWide:
            line = {"id": "", "text": _("Too many match. Type more letters."), "disabled": True}
            return JsonResponse({"results": [line], "pagination": {"more": False}})
        keys = [row.pk for row in self.object_list]
        reads.show(self.model_admin.model, keys, door="choice", filters={"term": None})
        return answer

    def get_queryset(self) -> QuerySet[Any]:
        """As in the lists, the newest first where the page names no order."""
        rows = super().get_queryset()
        return rows if rows.ordered else rows.order_by("-pk")

    def get_paginator(self, *args: Any, **kwargs: Any) -> Paginator:
        return InfinitePaginator(*args, **kwargs)

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        return {"id": str(getattr(obj, to_field_name)), "text": cast("Any", self.model_admin).caption(obj)}
