"""How busy the trail was, from its counts: by day, by hour of the week, by action and by kind of record."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from apps.access.admin.base import RecordAdmin
from apps.audit.models import ACTIONS
from apps.oversight.admin.links import entries_between
from apps.oversight.anomalies import figures
from apps.oversight.anomalies.rules import begin_of
from apps.oversight.charts import Bar, Chart, Map
from apps.oversight.models import HourCount

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class KindChoice(forms.ModelChoiceField):
    def label_from_instance(self, kind: ContentType) -> str:
        return kind.name


class Narrow(forms.Form):
    """Which entries to show. The hour of the week is reached by the squares."""

    action = forms.TypedChoiceField(
        label=gettext_lazy("Action"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", gettext_lazy("All")), *ACTIONS],
        widget=UnfoldAdminSelectWidget,
    )
    kind = KindChoice(
        ContentType.objects.order_by("app_label", "model"),
        label=gettext_lazy("Kind of record"),
        required=False,
        empty_label=gettext_lazy("All"),
        widget=UnfoldAdminSelectWidget,
    )
    weekday = forms.IntegerField(required=False, min_value=1, max_value=7, widget=forms.HiddenInput)
    hour = forms.IntegerField(required=False, min_value=0, max_value=23, widget=forms.HiddenInput)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        counted = HourCount.objects.order_by().values("content_type").distinct()
        self.fields["kind"].queryset = self.fields["kind"].queryset.filter(pk__in=counted)


@admin.register(HourCount)
class ActivityAdmin(RecordAdmin):
    icon = "monitoring"
    section = "audit"
    title = gettext_lazy("Activity over time")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = Narrow(request.GET)
        if not form.is_valid():
            raise BadRequest("The activity is narrowed by what its page offers.")
        page = Page(**form.cleaned_data, today=timezone.localdate())
        context = {**self.admin_site.each_context(request), "title": self.title, "form": form}
        return TemplateResponse(request, "oversight/activity.html", {**context, **page.context()})


class Page:
    def __init__(
        self, *, action: int | None, kind: ContentType | None, weekday: int | None, hour: int | None, today: date
    ) -> None:
        self.action, self.kind, self.weekday, self.hour = action, kind, weekday, hour
        self.days = [today - DAY * back for back in reversed(range(7 * figures.WEEKS))]
        self.found = figures.activity(
            since=begin_of(self.days[0]),
            until=begin_of(today + DAY),
            action=action,
            kind=kind.pk if kind else None,
        )

    def context(self) -> dict[str, Any]:
        chosen = None if self.weekday is None or self.hour is None else self.one_hour(self.weekday, self.hour)
        return {
            "total": self.found.total,
            "narrowed": chosen is not None or self.action is not None or self.kind is not None,
            "everything": self.link(),
            "hour_chart": chosen,
            "day_chart": self.by_day(),
            "week": self.by_hour(),
            "actions": self.by_action(),
            "kinds": self.by_kind(),
        }

    def link(self, **said: object) -> str:
        query = "&".join(f"{name}={value}" for name, value in said.items() if value is not None)
        address = reverse("admin:oversight_hourcount_changelist")
        return f"{address}?{query}" if query else address

    def entries(self, since: datetime, until: datetime) -> str:
        model = f"{self.kind.app_label}.{self.kind.model}" if self.kind else None
        return entries_between(since, until, action__exact=self.action, model=model)

    def by_day(self) -> Chart:
        bars = [
            Bar(
                label=date_format(day, "D j M"),
                value=self.found.by_day[day],
                link=self.entries(begin_of(day), begin_of(day + DAY)),
                is_faint=day.isoweekday() > 5,  # noqa: PLR2004
            )
            for day in self.days
        ]
        return Chart(title=_("By day, weekends lighter"), bars=bars)

    def by_hour(self) -> Map:
        kind = self.kind.pk if self.kind else None

        def square(weekday: int, hour: int) -> Bar:
            return Bar(
                label=f"{WEEKDAYS[weekday - 1]} {hour:02}:00",
                value=self.found.by_hour[weekday, hour],
                link=self.link(action=self.action, kind=kind, weekday=weekday, hour=hour),
            )

        return Map(rows=[(str(WEEKDAYS[day - 1]), [square(day, hour) for hour in range(24)]) for day in range(1, 8)])

    def one_hour(self, weekday: int, hour: int) -> Chart:
        """The same hour of each of the twelve weeks."""
        begins = [begin_of(day).replace(hour=hour) for day in self.days if day.isoweekday() == weekday]
        counts = figures.entries_in(begins, action=self.action, kind=self.kind.pk if self.kind else None)
        bars = [
            Bar(label=date_format(begin, "D j M"), value=counts[begin], link=self.entries(begin, begin + HOUR))
            for begin in begins
        ]
        said = {"weekday": WEEKDAYS[weekday - 1], "hour": f"{hour:02}:00", "end": f"{hour + 1:02}:00"}
        return Chart(title=_("%(weekday)s, %(hour)s to %(end)s, week by week") % said, bars=bars)

    def by_action(self) -> Chart:
        kind = self.kind.pk if self.kind else None
        names = {int(action): str(title) for action, title in ACTIONS}
        return Chart(
            title=_("By action"),
            bars=[
                Bar(label=names.get(action, str(action)), value=value, link=self.link(action=action, kind=kind))
                for action, value in self.found.by_action.most_common()
            ],
        )

    def by_kind(self) -> Chart:
        return Chart(
            title=_("By kind of record"),
            bars=[
                Bar(
                    label=ContentType.objects.get_for_id(kind).name,
                    value=value,
                    link=self.link(action=self.action, kind=kind),
                )
                for kind, value in self.found.by_kind.most_common()
            ],
        )
