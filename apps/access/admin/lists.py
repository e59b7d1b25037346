"""What a list shows: names instead of keys, and periods that nothing has to be counted for."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import ForeignKey, Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from unfold.views import ChangeList

from apps.access.lists import TooDeep

YEARS = 6


class Captioned:
    """A column of rows of another kind, by their captions as far as the reader may see them."""

    def __init__(self, field: "ForeignKey[Any, Any]") -> None:
        self.field, self.__name__ = field, field.name
        self.short_description = field.verbose_name
        self.captions: dict[Any, str] = {}

    def __str__(self) -> str:
        return self.field.name

    def __call__(self, row: Model) -> str:
        key = getattr(row, self.field.attname)
        return self.captions.get(key) or ("" if key is None else str(getattr(row, self.field.name)))

    def read(self, request: HttpRequest, page: Any, rows: list[Model]) -> None:
        keys = {getattr(row, self.field.attname) for row in rows} - {None}
        if keys and page.has_view_permission(request):
            seen = page.get_queryset(request).filter(pk__in=keys).order_by()
            self.captions = {row.pk: page.named(row) for row in seen}


@dataclass(frozen=True)
class Period:
    title: str
    link: str
    is_chosen: bool = False


class RecordChangeList(ChangeList):
    result_list: Any

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.title = self.model_admin.title or capfirst(self.opts.verbose_name_plural)

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except IncorrectLookupParameters as error:
            raise TooDeep from error
        # The pages say how many there are; the title need not.
        self.full_result_count = self.result_count
        rows = list(self.result_list)
        self.result_list = rows
        for column in self.list_display:
            if isinstance(column, Captioned):
                column.read(request, self.model_admin.admin_site.get_model_admin(column.field.related_model), rows)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query or self.has_active_filters or (self.date_hierarchy and self._chosen("year")))

    def periods(self) -> Iterator[Period]:
        """Years, then months, then days, from the calendar and not from the rows."""
        year, month, day = (self._chosen(part) for part in ("year", "month", "day"))
        if not year:
            this = timezone.localdate().year
            yield from (self._period(str(number), year=number) for number in range(this, this - YEARS, -1))
            return
        yield Period(str(year), self._link(), is_chosen=True)
        if not month:
            for number in range(1, 13):
                yield self._period(date_format(date(year, number, 1), "F"), year=year, month=number)
            return
        yield Period(date_format(date(year, month, 1), "F"), self._link(year=year), is_chosen=True)
        for number in range(1, monthrange(year, month)[1] + 1):
            yield self._period(str(number), is_chosen=number == day, year=year, month=month, day=number)

    def _chosen(self, part: str) -> int | None:
        said = self.params.get(f"{self.date_hierarchy}__{part}", "")
        return int(said) if said.isdecimal() else None

    def _period(self, title: str, *, is_chosen: bool = False, **parts: int) -> Period:
        return Period(title, self._link(**parts), is_chosen)

    def _link(self, **parts: int) -> str:
        chosen = {f"{self.date_hierarchy}__{part}": number for part, number in parts.items()}
        return self.get_query_string(chosen, [f"{self.date_hierarchy}__"])
