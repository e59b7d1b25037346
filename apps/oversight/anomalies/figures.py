"""What the pages show of the counts. The trail itself is not read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.db.models.functions import ExtractHour, TruncDate
from django.utils import timezone

from apps.oversight.anomalies.rules import COUNTED, Rule, begin_of
from apps.oversight.models import ActorHour, HourCount

SHOWN = 28
WEEKS = 12


def days_of(rule: Rule, actor: UUID, day: date, *, hours: list[int]) -> list[tuple[date, int]]:
    """The last 28 days up to this one, with what the rule counts; at unusual `hours`, what was done in those."""
    days = [day - timedelta(days=back) for back in reversed(range(SHOWN))]
    zone = ZoneInfo(settings.TIME_ZONE)
    counts = ActorHour.objects.filter(
        actor=actor, hour__gte=begin_of(days[0]), hour__lt=begin_of(day + timedelta(days=1))
    ).annotate(day=TruncDate("hour", tzinfo=zone))
    if rule == Rule.HOURS:
        counts = counts.annotate(at=ExtractHour("hour", tzinfo=zone)).filter(at__in=hours)
    found = dict(counts.order_by().values_list("day").annotate(Sum(COUNTED.get(rule, "acts"))))
    return [(each, found.get(each, 0)) for each in days]


@dataclass
class Activity:
    """Entries of a period by day, by hour of the week (Monday is 1), by action and by kind of record."""

    by_day: Counter[date] = field(default_factory=Counter)
    by_hour: Counter[tuple[int, int]] = field(default_factory=Counter)
    by_action: Counter[int] = field(default_factory=Counter)
    by_kind: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.by_day.total()


_ACTIVITY = """
SELECT hour, action, content_type_id, sum(entries) FROM oversight_hourcount
WHERE hour >= %(since)s AND hour < %(until)s
    AND (%(action)s::int IS NULL OR action = %(action)s) AND (%(kind)s::int IS NULL OR content_type_id = %(kind)s)
GROUP BY GROUPING SETS ((hour), (action), (content_type_id))
"""


def activity(*, since: datetime, until: datetime, action: int | None = None, kind: int | None = None) -> Activity:
    found = Activity()
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVITY, {"since": since, "until": until, "action": action, "kind": kind})
        for hour, act, content_type, entries in cursor.fetchall():
            if hour is not None:
                local = timezone.localtime(hour)
                found.by_day[local.date()] += entries
                found.by_hour[local.isoweekday(), local.hour] += entries
            elif act is not None:
                found.by_action[act] = entries
            else:
                found.by_kind[content_type] = entries
    return found


def entries_in(hours: Sequence[datetime], *, action: int | None, kind: int | None) -> Counter[datetime]:
    """Entries of each of these hours."""
    narrowed = {"action": action, "content_type": kind}
    counts = HourCount.objects.filter(
        hour__in=hours, **{name: said for name, said in narrowed.items() if said is not None}
    )
    return Counter(dict(counts.order_by().values_list("hour").annotate(Sum("entries"))))
