"""Delivery: strictly in order from where a receiver stands, at least once, and no receiver waits for another one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet

from apps.audit.alerts import raise_alert
from apps.audit.models import Alert, Receiver
from apps.audit.receivers import emails, files, stores, syslogs, timestamps, webhooks
from apps.audit.receivers.configuration import Email, File, Storage, Syslog, Target, Timestamp, Webhook
from apps.audit.receivers.refusals import NotTaken
from apps.audit.receivers.waiting import first_position, next_batch
from apps.events.models import Work
from apps.events.work import enqueue, pause_after

JOB = "audit.deliver_to"
LOCK = 7_301_217
SECONDS = 20
"""After this long a job gives its place to another one."""
LONGEST_PAUSE = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=1)
"""However long a receiver asks to be left alone."""
SILENCE = timedelta(hours=1)

FAILS_NOT: dict[str, Any] = {"attempts": 0, "failing_since": None, "next_attempt_at": None, "last_refusal": ""}

logger = structlog.get_logger(__name__)

SEND: dict[type[Target], Callable[[Any, Any], None]] = {
    File: files.send,
    Email: emails.send,
    Webhook: webhooks.send,
    Storage: stores.send,
    Syslog: syslogs.send,
    Timestamp: timestamps.send,
}


def targets() -> dict[str, Target]:
    return {target.name: target for target in settings.AUDIT_RECEIVERS}


def standing() -> list[tuple[Target, Receiver]]:
    """Every receiver of the file with how far it has come, once it is known here."""
    known = {(row.name, row.what): row for row in Receiver.objects.with_waiting()}
    return [(target, known[key]) for target in settings.AUDIT_RECEIVERS if (key := (target.name, target.what)) in known]


def wake(now: datetime) -> list[str]:
    """Ask for a delivery to each receiver that something waits for and that is not pausing; tell who is silent."""
    known = set(Receiver.objects.values_list("name", "what"))
    for target in settings.AUDIT_RECEIVERS:
        if (target.name, target.what) not in known:
            start = {"position": first_position(target)}
            Receiver.objects.get_or_create(name=target.name, what=target.what, defaults=start)
    asked = set(Work.objects.unfinished().filter(name=JOB).values_list("arguments__receiver", flat=True))
    woken = []
    for target, row in standing():
        _tell_silence(target, row, now)
        if _is_due(target, row, now) and target.name not in asked:
            enqueue(JOB, receiver=target.name)
            woken.append(target.name)
    return woken


def _is_due(target: Target, row: Receiver, now: datetime) -> bool:
    rested = row.last_success_at is None or row.last_success_at + target.every <= now
    return row.waiting_since is not None and rested and (row.next_attempt_at is None or row.next_attempt_at <= now)


def silent_since(target: Target, row: Receiver) -> datetime | None:
    """Since when something waits for it that it should have by now."""
    if row.waiting_since is None:
        return None
    expected = row.last_success_at + target.every if row.last_success_at else row.created_at
    return max(row.waiting_since, expected)


def _tell_silence(target: Target, row: Receiver, now: datetime) -> None:
    """Once for each silence, also when the alert was answered and the silence goes on."""
    since = silent_since(target, row)
    if since is None or since > now - SILENCE:
        return
    told = Alert.objects.filter(rule=Alert.Rule.SINK, about=target.name, created_at__gte=since)
    if not told.exists():
        raise_alert(Alert.Rule.SINK, about=target.name, details={"since": since.isoformat()})


@dataclass(frozen=True)
class Delivered:
    sent: int
    more: bool
    """Its time was over before nothing waited any more."""


def deliver(
    target: Target, *, now: datetime, using: str = DEFAULT_DB_ALIAS, told: Callable[[int], None] = lambda _sent: None
) -> Delivered:
    """Send what waits. `using` is a connection that commits each step, so that a crash repeats one batch and no more.

    Nothing is written in the caller's transaction while a receiver is waited for: that would hold up the seal.
    """
    rows = Receiver.objects.using(using).filter(name=target.name, what=target.what)
    until = time.monotonic() + SECONDS
    sent = 0
    if not _alone(target):
        return Delivered(sent, more=False)
    row = rows.get()
    failures = row.attempts
    while batch := next_batch(target, row.position, failures=failures):
        try:
            SEND[type(target)](target, batch)
        except NotTaken as refusal:
            _refused(rows, row, refusal, now)
            break
        row.position, row.attempts = batch.position, 0
        rows.update(position=batch.position, last_success_at=now, updated_at=now, **FAILS_NOT)
        sent += len(batch.items)
        told(sent)
        if target.every:
            break
        if time.monotonic() > until:
            return Delivered(sent, more=True)
    return Delivered(sent, more=False)


def _alone(target: Target) -> bool:
    """Until the transaction ends: two workers would send in no order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [LOCK, target.name])
        return bool(cursor.fetchone()[0])


def _refused(rows: QuerySet[Receiver], row: Receiver, refusal: NotTaken, now: datetime) -> None:
    attempts = row.attempts + 1
    pause = min(refusal.wait, LONGEST_WAIT) if refusal.wait else min(pause_after(attempts), LONGEST_PAUSE)
    rows.update(
        attempts=attempts,
        failing_since=row.failing_since if row.attempts else now,
        next_attempt_at=now + pause,
        last_refusal=str(refusal),
        updated_at=now,
    )
    logger.warning("receiver_refused", receiver=row.name, attempt=attempts, said=str(refusal))
