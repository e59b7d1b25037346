"""Counts of the sealed log by the hour, each entry once.

The place in the log is the position of a leaf: dense, never given twice, and given only when nothing older can come any
more. Counts and place change in one transaction, so a job that is killed begins where the last one ended.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Model

from apps.kernel.classification import Kind, classification_of, classified_models, is_about_people
from apps.kernel.trail import Action
from apps.oversight.models import ActorHour, CountedUntil, HourCount

CHUNK = 50_000
KEPT = timedelta(days=180)
FOLLOWING = "^(job|schedule|event):"
"""Sources of what goes on for somebody while he does nothing."""
MADE = "made"
"""The step of an export at which nothing has left the house yet."""

# What stands in the details was written by the application, and a figure that is none must not stop the counting.
_FIGURE = """CASE WHEN jsonb_typeof(e.additional_data -> '{name}') = 'number'
    THEN least(greatest((e.additional_data ->> '{name}')::numeric, 0), 1e9)::bigint END"""
_COUNT = f"""
WITH part AS MATERIALIZED (
    SELECT event FROM audit_auditleaf WHERE sequence >= %(first)s AND sequence < %(next)s
), entry AS MATERIALIZED (
    SELECT date_trunc('hour', e."timestamp", %(zone)s) AS hour, e.actor_id, e.content_type_id, e.action,
        e.source !~ %(following)s AS himself,
        CASE WHEN e.action = %(access)s AND e.content_type_id = ANY(%(personal)s)
            THEN coalesce({_FIGURE.format(name="count")}, 1) ELSE 0 END AS reads,
        CASE WHEN e.action = %(export)s AND e.additional_data ->> 'step' IS DISTINCT FROM %(made)s
            THEN coalesce({_FIGURE.format(name="rows")}, {_FIGURE.format(name="count")}, 1) ELSE 0 END AS exported
    FROM audit_auditevent e
    WHERE e.id BETWEEN (SELECT min(event) FROM part) AND (SELECT max(event) FROM part)
        AND e.id IN (SELECT event FROM part)
), counted AS (
    INSERT INTO oversight_hourcount AS known (hour, content_type_id, action, entries)
    SELECT hour, content_type_id, action, count(*) FROM entry GROUP BY 1, 2, 3
    ON CONFLICT (hour, content_type_id, action) DO UPDATE SET entries = known.entries + excluded.entries
), acted AS (
    INSERT INTO oversight_actorhour AS known (actor_id, hour, acts, reads, exported)
    SELECT actor_id, hour, count(*) FILTER (WHERE himself), sum(reads), sum(exported)
    FROM entry WHERE actor_id IS NOT NULL GROUP BY 1, 2
    ON CONFLICT (actor_id, hour) DO UPDATE SET acts = known.acts + excluded.acts,
        reads = known.reads + excluded.reads, exported = known.exported + excluded.exported
    RETURNING hour
)
SELECT DISTINCT (hour AT TIME ZONE %(zone)s)::date FROM acted
"""  # noqa: S608


@transaction.atomic
def count_on(*, limit: int = CHUNK) -> tuple[int, set[date]]:
    """Count at most `limit` sealed entries more: how many positions that were, and the days on which somebody acted."""
    CountedUntil.objects.bulk_create([CountedUntil()], ignore_conflicts=True)
    place = CountedUntil.objects.select_for_update().get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(sequence) FROM audit_auditleaf")
        last = cursor.fetchone()[0]
        following = min(place.sequence + limit, -1 if last is None else last + 1)
        if following <= place.sequence:
            return 0, set()
        cursor.execute(
            _COUNT,
            {
                "first": place.sequence,
                "next": following,
                "zone": settings.TIME_ZONE,
                "following": FOLLOWING,
                "personal": _kinds_of_people(),
                "access": int(Action.ACCESS),
                "export": int(Action.EXPORT),
                "made": MADE,
            },
        )
        days = {day for (day,) in cursor.fetchall()}
    counted, place.sequence = following - place.sequence, following
    place.save(update_fields=["sequence"])
    return counted, days


def _kinds_of_people() -> list[int]:
    """Kinds of records with personal data in them: who reads one reads about somebody."""
    about_people = [model for model in classified_models() if any(map(is_about_people, _kinds_in(model)))]
    return [kind.pk for kind in ContentType.objects.get_for_models(*about_people).values()]


def _kinds_in(model: type[Model]) -> Iterable[Kind]:
    declared = classification_of(model)
    return declared.kinds().values() if declared else ()


def forget(*, now: datetime) -> int:
    """Delete the counts that no rule looks at any more."""
    return sum(counts.objects.filter(hour__lt=now - KEPT).delete()[0] for counts in (ActorHour, HourCount))
