"""The list of the trail: a period is always set, so that only its months are looked at, and nothing is counted."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_time
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.paginator import InfinitePaginator
from unfold.utils import parse_date_str

from apps.access.admin.lists import Period, RecordChangeList
from apps.audit import timeline
from apps.audit.admin.paging import PLACE, newest, page_of
from apps.audit.querysets import AuditEventQuerySet

USUAL = timedelta(days=30)
NAME = "timestamp"
OFFERED = {7: _("7 days"), 30: _("30 days"), 90: _("90 days"), 365: _("a year")}
"""Days of a period, counted back from today."""


class PeriodFilter(RangeDateTimeFilter):
    """From a moment to another, both included; the last thirty days when none is named."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.until = self._moment("to", time.max) or _moment(today, time.max)
        self.since = self._moment("from", time.min) or _moment(timezone.localdate(self.until) - USUAL, time.min)

    def _moment(self, side: str, otherwise: time) -> datetime | None:
        """A day without a time is meant whole."""
        day, hour = (self.used_parameters.get(f"{self.parameter_name}_{side}_{part}", "") for part in (0, 1))
        if not day:
            return None
        try:
            read = parse_date_str(day), parse_time(hour) if hour else otherwise
        except ValueError as error:
            raise IncorrectLookupParameters from error
        if None in read:
            raise IncorrectLookupParameters
        return _moment(*read)

    def queryset(self, request: HttpRequest, entries: AuditEventQuerySet) -> AuditEventQuerySet:
        return entries.filter(timestamp__gte=self.since, timestamp__lte=self.until)


def _moment(day: date, hour: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, hour))


class OlderPages(InfinitePaginator):
    template_name = "admin/audit/older.html"


class TrailChangeList(RecordChangeList):
    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        said = super().get_filters_params(params)
        said.pop(PLACE, None)
        return said

    def get_results(self, request: HttpRequest) -> None:
        events, self.older = page_of(self.queryset, request)
        self.newest = newest(request)
        for event, sentence in zip(events, timeline.narrate(events, reader=None), strict=True):
            event.sentence = sentence
        self.result_list = events
        self.result_count = self.full_result_count = len(events)
        self.show_full_result_count = self.show_admin_actions = self.can_show_all = self.multi_page = False
        self.paginator = OlderPages(self.queryset, self.list_per_page)

    @property
    def period(self) -> PeriodFilter:
        return next(each for each in self.filter_specs if isinstance(each, PeriodFilter))

    @property
    def is_usual(self) -> bool:
        return not self.period.used_parameters

    def periods(self) -> Iterator[Period]:
        today = timezone.localdate()
        for days, title in OFFERED.items():
            since = today - timedelta(days=days)
            link = self.get_query_string({f"{NAME}_from_0": since.isoformat()}, [NAME, PLACE])
            yield Period(str(title), link, self.period.since == _moment(since, time.min))
