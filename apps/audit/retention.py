"""How long the trail keeps what, what is due now, and the steps by which it goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from time import monotonic, sleep
from typing import Any

import orjson
from django.apps import apps
from django.conf import settings
from django.db import connection

from apps.audit.grants import RETENTION_ROLE
from apps.audit.pruning import FOR_EVER
from apps.audit.sql import TABLE
from apps.kernel.classification import GROUNDS, classification_of
from apps.kernel.errors import BusinessError
from apps.kernel.trail import current

PAUSE = 1
"""Seconds between two looks at what the sealer has done."""
USUAL = "Art. 5(1)(e) and 5(2) GDPR: for as long as what was done with data is answered for"

# A month of its own is one that is over; the others are never asked for.
_MONTHS = r"""
SELECT to_date(substring(c.relname FROM '_y(\d{4}m\d\d)$'), 'YYYY"m"MM') AS month
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass(%s) AND c.relname ~ '_y\d{4}m\d\d$'
ORDER BY month
"""
_MEMBER = """
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s AND pg_has_role(session_user, oid, 'MEMBER')), current_user
"""
_DUE = """
SELECT d.label, d.hold::text, d.sequence IS NULL, count(*) FROM audit_due(%s) AS d
GROUP BY d.label, d.hold, d.sequence IS NULL ORDER BY d.label
"""
_IS_DUE = f"""
SELECT EXISTS (
    SELECT FROM audit_over(%(month)s) AS k, LATERAL (
        SELECT FROM {TABLE} e
        WHERE e.content_type_id = k.id AND e."timestamp" >= %(month)s::date::timestamp AT TIME ZONE 'UTC'
            AND e."timestamp" < (%(month)s::date + interval '1 month') AT TIME ZONE 'UTC'
            AND e.action NOT IN ({FOR_EVER})
        LIMIT 1) AS one)
"""  # noqa: S608


class Step(StrEnum):
    """What one call did for a month."""

    NOTHING = "nothing"
    UNSEALED = "unsealed"
    ANNOUNCED = "announced"
    WAITING = "waiting"
    PRUNED = "pruned"


UNFINISHED = {Step.ANNOUNCED, Step.WAITING}


@dataclass
class Due:
    """Entries of a month whose period is over, by model: those that go, those that a hold keeps, those not sealed."""

    month: date
    goes: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    holds: set[str] = field(default_factory=set)
    unsealed: int = 0


def declare_periods(*, using: str, **_signal: Any) -> None:
    """What the classifications say, put where the database reads it; after each `migrate`, by the owner."""
    periods = apps.get_model("audit.KeepingPeriod").objects.using(using)
    declared = {"": (settings.AUDIT_KEEP, USUAL)}
    for model in apps.get_models():
        classification = classification_of(model)
        if classification is not None and classification.trail:
            ground = GROUNDS[classification.trail]
            declared[model._meta.label_lower] = (ground.keep, ground.law)
    present = {period.model: (period.keep, period.law) for period in periods}
    if gone := present.keys() - declared.keys():
        periods.filter(model__in=gone).delete()
    for label, (keep, law) in declared.items():
        if present.get(label) != (keep, law):
            periods.update_or_create(model=label, defaults={"keep": keep, "law": law})


def months() -> list[date]:
    """Every month of the trail, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, [TABLE])
        return [month for (month,) in cursor.fetchall()]


def months_due() -> list[date]:
    """Months with an entry whose period is over. Holds are not asked for."""
    with connection.cursor() as cursor:
        found = []
        for month in months():
            cursor.execute(_IS_DUE, {"month": month})
            if cursor.fetchone()[0]:
                found.append(month)
    return found


def due() -> Iterator[Due]:
    """What pruning would do now, month by month, without doing it."""
    for month in months_due():
        found = Due(month)
        with connection.cursor() as cursor:
            cursor.execute(_DUE, [month])
            for label, hold, is_unsealed, count in cursor.fetchall():
                if hold is not None:
                    found.held[label] = found.held.get(label, 0) + count
                    found.holds.add(hold)
                elif is_unsealed:
                    found.unsealed += count
                else:
                    found.goes[label] = count
        yield found


class MayNotPrune(BusinessError):
    """This login may not prune. Run it as a member of the role steward_retention (docs/operations/audit.md)."""

    code = "may_not_prune"


@contextmanager
def as_retention_role() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(_MEMBER, [RETENTION_ROLE])
        is_member, present = cursor.fetchone()
        if not is_member:
            raise MayNotPrune
        cursor.execute("SELECT set_config('role', %s, false)", [RETENTION_ROLE])
        try:
            yield
        finally:
            cursor.execute("SELECT set_config('role', %s, false)", [present])


def prune_everything(*, patience: timedelta) -> dict[date, Step]:
    """Every month, and its last step. What was announced is carried out when the sealer has sealed that in time."""
    steps = {month: prune(month) for month in months()}
    until = monotonic() + patience.total_seconds()
    while monotonic() < until and (open_ := [month for month, step in steps.items() if step in UNFINISHED]):
        sleep(PAUSE)
        steps |= {month: prune(month) for month in open_}
    return steps


def prune(month: date) -> Step:
    """One step: announce what is due of this month, or let go what was announced and is sealed by now."""
    context = current()
    with connection.cursor() as cursor:
        said = orjson.dumps(context.payload() if context else {}).decode()
        cursor.execute("SELECT audit_prune(%s, %s::jsonb)", [month, said])
        return Step(cursor.fetchone()[0])
