"""Hands out what is due: one message for each row, and another one when its lease runs out."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
import structlog
from celery import current_app
from celery.schedules import crontab
from django.db import Error, connection, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now
from django.utils import timezone
from kombu import Connection
from kombu.exceptions import KombuError

from apps.events import tasks
from apps.events.bell import CHANNEL
from apps.events.models import Relay, Schedule, Work, WorkQuerySet
from apps.events.work import execute, jobs
from apps.kernel.registry import domains

BATCH = 100
WINDOW = 1_000
"""How much may be handed out at once: a slow broker then holds few messages, and few of them twice."""
POLL = 2.0
BEAT = timedelta(seconds=5)
CONFIRMED: dict[str, Any] = {"confirm_timeout": 5}
"""Seconds for the broker to confirm that it has a message, where it can."""

logger = structlog.get_logger(__name__)


@transaction.atomic
def claim(limit: int = BATCH) -> list[UUID]:
    """Lease rows that are due, and those whose lease ran out; two relays never get the same one."""
    room = min(limit, WINDOW - Work.objects.handed_out().count())
    keys = _locked(Work.objects.expired(), room)
    keys += _locked(Work.objects.due(), room - len(keys))
    Work.objects.filter(pk__in=keys).update(
        started_at=Case(When(state=Work.State.READY, then=Value(None)), default=F("started_at")),
        state=Work.State.LEASED,
        lease_until=Now() + Work.lease,
    )
    return keys


def _locked(work: WorkQuerySet, limit: int) -> list[UUID]:
    if limit <= 0:
        return []
    rows = work.order_by("due_at", "position").select_for_update(skip_locked=True, of=("self",))
    return list(rows.values_list("pk", flat=True)[:limit])


def broker_errors(broker: Connection) -> tuple[type[BaseException], ...]:
    """What a broker that is down, mute or full raises; each transport has its own words for it."""
    return (KombuError, OSError, *broker.connection_errors, *broker.channel_errors)


def send(keys: Sequence[UUID]) -> list[UUID]:
    """Wake a worker for each row. Those that the broker did not take come back."""
    left = deque(keys)
    broker = current_app.connection_for_write()
    try:
        with broker, current_app.amqp.Producer(broker.ensure_connection(max_retries=1, timeout=3)) as producer:
            while left:
                key = str(left[0])
                tasks.work.apply_async((key,), task_id=key, producer=producer, retry=False, **CONFIRMED)
                left.popleft()
    except broker_errors(broker) as error:
        logger.warning("broker_unreachable", error=type(error).__name__, waiting=len(left))
    return list(left)


def hand_out(limit: int = BATCH) -> int:
    """Claim and send. What the broker did not take waits in the database for the next round."""
    keys = claim(limit)
    refused = send(keys) if keys else []
    # A row that has been begun after all is not touched: its worker holds it.
    Work.objects.filter(pk__in=refused, state=Work.State.LEASED, started_at=None).update(
        state=Work.State.READY, lease_until=None
    )
    return len(keys) - len(refused)


def run_here() -> int:
    """Run everything that is due in this process, without a broker."""
    ran = 0
    while keys := claim():
        for key in keys:
            execute(key)
        ran += len(keys)
    return ran


def schedules() -> dict[str, crontab | timedelta]:
    return {name: hours for domain in domains for name, hours in domain.schedule.items()}


def slots_between(hours: crontab | timedelta, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every due time after the one moment, up to the other one; of an interval only the last, for none is missed."""
    if isinstance(hours, timedelta):
        last = until - (until - datetime.min.replace(tzinfo=UTC)) % hours
        if last > after:
            yield last
        return
    slot = after.astimezone(UTC)
    while True:
        start, forward, _now = hours.remaining_delta(slot)
        slot = start + forward
        if slot > until:
            return
        yield slot


def plan_slots(now: datetime) -> int:
    """Write a row for each slot that has come. Of several that were slept through only the last one is run."""
    return sum(_plan(name, hours, now) for name, hours in schedules().items())


@transaction.atomic
def _plan(name: str, hours: crontab | timedelta, now: datetime) -> int:
    Schedule.objects.get_or_create(name=name, defaults={"planned_until": now})
    schedule = Schedule.objects.select_for_update(skip_locked=True).filter(name=name).first()
    slots = list(slots_between(hours, schedule.planned_until, now)) if schedule else []
    if schedule is None or not slots:
        return 0
    Work.objects.bulk_create([_slot(name, slot, missed=slot != slots[-1]) for slot in slots], ignore_conflicts=True)
    schedule.planned_until = slots[-1]
    schedule.save(update_fields=["planned_until", "updated_at"])
    if len(slots) > 1:
        logger.warning("slots_missed", schedule=name, missed=len(slots) - 1)
    return len(slots)


def _slot(name: str, slot: datetime, *, missed: bool) -> Work:
    return Work(
        kind=Work.Kind.SLOT,
        name=name,
        aggregate=name,
        slot_at=slot,
        due_at=slot,
        max_attempts=jobs[name].attempts,
        state=Work.State.MISSED if missed else Work.State.READY,
        finished_at=timezone.now() if missed else None,
    )


def serve(stopping: Event) -> None:
    """Hand out until told to stop. The database and the broker may come and go meanwhile."""
    relay = Relay(beat_at=timezone.now())
    while not stopping.is_set():
        try:
            _serve(relay, stopping)
        except (Error, psycopg.Error) as error:
            logger.warning("database_unreachable", error=type(error).__name__)
            connection.close()
            stopping.wait(POLL)
    Relay.objects.filter(pk=relay.pk).delete()


def _serve(relay: Relay, stopping: Event) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    beaten = float("-inf")
    while not stopping.is_set():
        if monotonic() - beaten >= BEAT.total_seconds():
            Relay.objects.update_or_create(pk=relay.pk, defaults={"beat_at": timezone.now()})
            beaten = monotonic()
        plan_slots(timezone.now())
        if hand_out() < BATCH:
            list(connection.connection.notifies(timeout=POLL, stop_after=1))
