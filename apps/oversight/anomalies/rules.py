"""Three plain rules about a day of one actor, each against his own past. They ask; people answer.

A day of reads or exports stands out above `median + factor × spread`, and never below the floor. The median is that of
the last days on which he did so at all, the spread the median distance from it, and at least half of it. Whoever
has too few such days is compared with the others of his roles; where they have too few, the limit is a multiple of the
floor. Of several roles the highest factor and the highest floor count.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from apps.audit.alerts import raise_alert
from apps.audit.models import Alert
from apps.oversight.models import Threshold

Rule = Alert.Rule
COUNTED = {Rule.READS: "reads", Rule.EXPORTS: "exported"}
"""The column of the counts that a rule looks at."""
PAST = 28
"""Days of his own that are looked at, the latest ones."""
ENOUGH = 10
"""With fewer days there is no past to speak of."""
BACK = timedelta(days=180)
WEEKS_BACK = timedelta(weeks=12)
ENOUGH_HOURS = 20
"""Days of work from which his usual hours are known."""
NEAR = 2
"""So many hours to either side are the same time of day."""
JUDGED = timedelta(days=7)
"""What is older when it is counted belongs to the past: a trail that is counted for the first time raises nothing."""


@dataclass(frozen=True)
class Bounds:
    factor: float
    floor: int


SHIPPED = {Rule.READS: Bounds(8, 500), Rule.HOURS: Bounds(20, 50), Rule.EXPORTS: Bounds(8, 5_000)}


@dataclass(frozen=True)
class Finding:
    rule: Alert.Rule
    actor: UUID
    day: date
    figures: dict[str, Any]

    @property
    def about(self) -> str:
        return f"{self.actor}:{self.day}"


# The bounds of everybody who did so much today that he may be above one. An actor without a role has those as shipped.
_TODAY = """
today AS (
    SELECT actor_id, sum({column}) AS value FROM oversight_actorhour
    WHERE hour >= %(begin)s AND hour < %(end)s GROUP BY actor_id HAVING sum({column}) > %(least)s
), holds AS (
    SELECT DISTINCT user_id, role_id FROM access_assignment
    WHERE valid_from <= %(end)s AND (valid_until IS NULL OR valid_until > %(begin)s)
), bound AS (
    SELECT t.actor_id, t.value, max(coalesce(x.factor, %(factor)s))::float8 AS factor,
        max(coalesce(x.floor, %(floor)s)) AS floor
    FROM today t LEFT JOIN holds h ON h.user_id = t.actor_id
        LEFT JOIN oversight_threshold x ON x.role_id = h.role_id AND x.rule = %(rule)s
    GROUP BY t.actor_id, t.value
)"""

# The last days with any of these actors, each beside how many there are.
_LAST_DAYS = f"""
SELECT actor_id, value, count(*) OVER (PARTITION BY actor_id) AS days
FROM (
    SELECT actor_id, sum({{column}}) AS value,
        row_number() OVER (PARTITION BY actor_id ORDER BY (hour AT TIME ZONE %(zone)s)::date DESC) AS back
    FROM oversight_actorhour
    WHERE hour >= %(since)s AND hour < %(begin)s AND {{column}} > 0 AND actor_id IN ({{actors}})
    GROUP BY actor_id, (hour AT TIME ZONE %(zone)s)::date
) AS day
WHERE back <= {PAST}"""  # noqa: S608

_AMOUNT = f"""
WITH {_TODAY}, much AS (
    SELECT * FROM bound WHERE value > floor
), own AS (
    {_LAST_DAYS.replace("{actors}", "SELECT actor_id FROM much")}
), peer AS (
    SELECT DISTINCT mine.user_id AS actor_id, theirs.user_id AS peer_id
    FROM much m JOIN holds mine ON mine.user_id = m.actor_id JOIN holds theirs USING (role_id)
        JOIN accounts_user me ON me.id = mine.user_id JOIN accounts_user other ON other.id = theirs.user_id
    WHERE other.id <> me.id AND other.kind = me.kind
        AND NOT EXISTS (SELECT FROM own WHERE own.actor_id = m.actor_id AND days >= {ENOUGH})
), others AS (
    {_LAST_DAYS.replace("{actors}", "SELECT peer_id FROM peer")}
), past AS (
    SELECT 'own' AS basis, actor_id, value FROM own WHERE days >= {ENOUGH}
    UNION ALL
    SELECT 'role', peer.actor_id, others.value FROM peer JOIN others ON others.actor_id = peer.peer_id
), usual AS (
    SELECT actor_id, basis, count(*) AS days, percentile_cont(0.5) WITHIN GROUP (ORDER BY value::float8) AS median
    FROM past GROUP BY actor_id, basis HAVING count(*) >= {ENOUGH}
), spread AS (
    SELECT actor_id, greatest(
        percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(value::float8 - median)), median / 2) AS spread
    FROM past JOIN usual USING (actor_id) GROUP BY actor_id, median
), judged AS (
    SELECT m.*, coalesce(basis, 'none') AS basis, coalesce(days, 0) AS days, median, spread,
        CASE WHEN basis IS NULL THEN m.floor * m.factor ELSE greatest(m.floor, median + m.factor * spread) END AS above
    FROM much m LEFT JOIN usual USING (actor_id) LEFT JOIN spread USING (actor_id)
)
SELECT actor_id, value::bigint, floor(above)::bigint, factor, floor, basis, days, median, spread
FROM judged WHERE value > above ORDER BY actor_id
"""  # noqa: S608
_AMOUNT_SAYS = ("value", "limit", "factor", "floor", "basis", "days", "median", "spread")

_WEEKEND = "extract(isodow FROM {at}) > 5"
_LOCAL = "hour AT TIME ZONE %(zone)s"
_HOURS = f"""
WITH {_TODAY.format(column="acts")}, present AS (
    SELECT actor_id, extract(hour FROM {_LOCAL})::int AS at, sum(acts) AS acts
    FROM oversight_actorhour JOIN bound USING (actor_id) JOIN accounts_user u ON u.id = actor_id
    WHERE hour >= %(begin)s AND hour < %(end)s AND acts > 0 AND u.kind = 'person' AND bound.value > bound.floor
    GROUP BY 1, 2
), past AS (
    SELECT actor_id, ({_LOCAL})::date AS day, extract(hour FROM {_LOCAL})::int AS at,
        {_WEEKEND.format(at=_LOCAL)} AS weekend
    FROM oversight_actorhour
    WHERE hour >= %(since)s AND hour < %(begin)s AND acts > 0 AND actor_id IN (SELECT actor_id FROM present)
), known AS (
    SELECT actor_id, count(DISTINCT day) AS days FROM past GROUP BY actor_id
    HAVING count(DISTINCT day) >= {ENOUGH_HOURS}
), near AS (
    SELECT actor_id, (at + shift + 24) %% 24 AS at, count(DISTINCT day) AS near
    FROM past CROSS JOIN generate_series(-{NEAR}, {NEAR}) AS shift
    WHERE weekend = ({_WEEKEND.format(at="%(day)s::date")}) GROUP BY 1, 2
)
SELECT actor_id, sum(acts)::bigint, b.floor, b.factor, b.floor, days, array_agg(at ORDER BY at), max(coalesce(near, 0))
FROM present JOIN known USING (actor_id) JOIN bound b USING (actor_id) LEFT JOIN near USING (actor_id, at)
WHERE coalesce(near, 0) * b.factor < days
GROUP BY actor_id, days, b.floor, b.factor HAVING sum(acts) > b.floor ORDER BY actor_id
"""  # noqa: S608
_HOURS_SAYS = ("value", "limit", "factor", "floor", "days", "hours", "near")


def judge(days: set[date], *, now: datetime) -> int:
    """Raise an alert about each of these days that stands out, once for each actor, rule and day."""
    raised = 0
    for day in sorted(days):
        if begin_of(day) < now - JUDGED:
            continue
        found = list(findings(day))
        known = set(
            Alert.objects.filter(about__in=[each.about for each in found], actor__isnull=False).values_list(
                "rule", "about"
            )
        )
        for each in found:
            if (each.rule.value, each.about) not in known:
                raise_alert(each.rule, about=each.about, actor=each.actor, details=each.figures)
                raised += 1
    return raised


def findings(day: date) -> Iterator[Finding]:
    """What stands out on this day, as far as it is counted."""
    for rule, column in COUNTED.items():
        yield from _found(rule, _AMOUNT.format(column=column), _AMOUNT_SAYS, day, since=BACK)
    yield from _found(Rule.HOURS, _HOURS, _HOURS_SAYS, day, since=WEEKS_BACK)


def begin_of(day: date) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(settings.TIME_ZONE))


def _found(rule: Alert.Rule, query: str, says: tuple[str, ...], day: date, *, since: timedelta) -> Iterator[Finding]:
    shipped = SHIPPED[rule]
    floors = Threshold.objects.filter(rule=rule).values_list("floor", flat=True)
    values = {
        "day": day,
        "begin": begin_of(day),
        "end": begin_of(day + timedelta(days=1)),
        "since": begin_of(day) - since,
        "zone": settings.TIME_ZONE,
        "rule": rule.value,
        "factor": shipped.factor,
        "floor": shipped.floor,
        "least": min([shipped.floor, *floors]),
    }
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        for actor, *figures in cursor.fetchall():
            yield Finding(rule, actor, day, {"day": str(day), **dict(zip(says, figures, strict=True))})
