"""Jobs: functions of `tasks.py` that a row in the database asks for, and how one row is run exactly once."""

import inspect
import random
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, transaction
from django.db.models.functions import Now
from django.utils.functional import Promise

from apps.events import bus
from apps.events.bell import ring
from apps.events.events import WorkParked
from apps.events.models import Cancelled, Work
from apps.kernel.errors import BusinessError
from apps.kernel.trail import Context, acting, current

__all__ = ["Cancelled", "Job", "Work", "enqueue", "execute", "job", "jobs"]

ASIDE = "aside"
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)

logger = structlog.get_logger(__name__)


class UnknownJob(LookupError):
    """No function is registered as this job."""


class LeaseLost(RuntimeError):
    """The row was taken away while it ran, so what was done here must not stay."""


@dataclass(frozen=True, kw_only=True)
class Job:
    name: str
    title: str | Promise
    function: Callable[..., Any]
    lease: timedelta
    attempts: int


jobs: dict[str, Job] = {}


def job(
    name: str, *, title: str | Promise, lease: timedelta | None = None, attempts: int | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of `tasks.py`. It gets its row and the arguments of `enqueue`; what it returns is kept."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        jobs[name] = Job(
            name=name,
            title=title,
            function=function,
            lease=lease or Work.lease,
            attempts=attempts or settings.WORK_ATTEMPTS,
        )
        return function

    return register


def job_of(name: str) -> Job:
    try:
        return jobs[name]
    except KeyError as error:
        raise UnknownJob(name) from error


def enqueue(name: str, *, unit: UUID | None = None, due_at: datetime | None = None, **arguments: Any) -> Work:
    """Ask for a job: it runs after this transaction is committed. Its arguments are keys, never personal values."""
    bus.require_transaction()
    asked = job_of(name)
    inspect.signature(asked.function).bind(None, **arguments)
    context = current()
    carried = context.payload() if context else {}
    work = Work.objects.create(
        kind=Work.Kind.JOB,
        name=name,
        arguments=arguments,
        max_attempts=asked.attempts,
        context=carried,
        requested_by=carried.get("actor"),
        unit=unit,
        **({"due_at": due_at} if due_at else {}),
    )
    ring()
    return work


def pause_after(attempt: int) -> timedelta:
    """Twice as long after each failure, half of it by chance, so that what failed together does not return together."""
    longest = min(FIRST_PAUSE * (1 << min(attempt - 1, 20)), LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1)  # noqa: S311 — spreads load, guards nothing


@contextmanager
def _aside() -> Iterator[str]:
    """The alias of a second connection: attempts and progress are committed there while the job's transaction is open.

    Inside a transaction of the caller's there is nobody else to show them to, and its own connection serves.
    """
    if connection.in_atomic_block:
        yield DEFAULT_DB_ALIAS
        return
    connections[ASIDE] = connection.copy(alias=ASIDE)
    try:
        yield ASIDE
    finally:
        connections[ASIDE].close()
        del connections[ASIDE]


def execute(key: UUID) -> None:
    """Run this row if it is due and nobody runs it. Its effect and its `done` are one transaction.

    A wake-up that comes twice, late or while the row runs does nothing.
    """
    with _aside() as alias:
        work = None
        try:
            with transaction.atomic():
                work = _begun(key, alias) if _alone(key) else None
                if work is not None:
                    with acting(Context.restored(work.context, source=_source(work))):
                        _finish(work, _call(work))
        except LeaseLost:
            logger.warning("work_lease_lost", work=str(key))
        except Cancelled:
            _cancelled(key)
        except Exception as error:
            if work is None:
                raise
            _failed(work, error)


def _alone(key: UUID) -> bool:
    """Hold this row's lock until the transaction ends, however it ends: a killed worker lets go at once.

    It is not a row lock, because the row's attempts and progress are written from aside meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [key.int & (2**63 - 1)])
        return bool(cursor.fetchone()[0])


def _begun(key: UUID, alias: str) -> Work | None:
    """The row with one more attempt counted and committed, or nothing when it is not to be run now."""
    work = Work.objects.unfinished().select_related("event").filter(pk=key, due_at__lte=Now()).first()
    if work is None:
        return None
    work.aside = alias
    if work.cancel_asked:
        _cancelled(key)
        return None
    if work.attempts >= work.max_attempts:
        park(work, "The process that ran it ended without a word, in every attempt.")
        return None
    if work.kind != Work.Kind.DELIVERY and work.name in jobs:
        work.lease = jobs[work.name].lease
    work.attempts += 1
    begun = Work.objects.using(alias).unfinished().filter(pk=key, attempts=work.attempts - 1)
    updated = begun.update(
        state=Work.State.LEASED,
        attempts=work.attempts,
        started_at=Now(),
        lease_until=Now() + work.lease,
        done=0,
        total=None,
        note="",
    )
    return work if updated else None


def _source(work: Work) -> str:
    if work.event is not None:
        return f"event:{work.event.name}"
    return f"{'schedule' if work.kind == Work.Kind.SLOT else 'job'}:{work.name}"


def _call(work: Work) -> dict[str, Any]:
    if work.event is not None:
        bus.subscriber(work.name)(bus.event_class(work.event.name).restored(work.event.payload))
        return {}
    return job_of(work.name).function(work, **work.arguments) or {}


def _finish(work: Work, result: dict[str, Any]) -> None:
    mine = Work.objects.filter(pk=work.pk, state=Work.State.LEASED, attempts=work.attempts)
    if not mine.update(
        state=Work.State.DONE, finished_at=Now(), lease_until=None, cancel_asked=False, last_error="", result=result
    ):
        raise LeaseLost
    ring()


@transaction.atomic
def _cancelled(key: UUID) -> None:
    Work.objects.unfinished().filter(pk=key).update(state=Work.State.CANCELLED, finished_at=Now(), lease_until=None)
    ring()


@transaction.atomic
def _failed(work: Work, error: Exception) -> None:
    text = described(error)
    if work.kind == Work.Kind.JOB and isinstance(error, BusinessError):
        _refused(work, text)
        return
    logger.warning("work_failed", work=str(work.pk), job=work.name, attempt=work.attempts, error=text)
    if work.attempts >= work.max_attempts:
        park(work, text)
        return
    Work.objects.unfinished().filter(pk=work.pk, attempts__lte=work.attempts).update(
        state=Work.State.READY,
        attempts=work.attempts,
        due_at=Now() + pause_after(work.attempts),
        lease_until=None,
        last_error=text,
    )


def _refused(work: Work, error: str) -> None:
    """What a rule refuses to somebody is refused the next time too: he is told, and nobody is alarmed."""
    Work.objects.unfinished().filter(pk=work.pk).update(
        state=Work.State.REFUSED, attempts=work.attempts, finished_at=Now(), lease_until=None, last_error=error
    )
    ring()


@transaction.atomic
def park(work: Work, error: str) -> None:
    """Set it aside with its error, so that what stands behind it goes on, and say so."""
    parked = (
        Work.objects.unfinished()
        .filter(pk=work.pk)
        .update(state=Work.State.PARKED, attempts=work.attempts, finished_at=Now(), lease_until=None, last_error=error)
    )
    # The news of parked work, when it cannot be delivered itself, is no news: it would never end.
    about_itself = work.event is not None and work.event.name == WorkParked.name
    if parked and not about_itself:
        bus.publish(WorkParked(work=str(work.pk), job=work.name, attempts=work.attempts), unit=work.unit)
    ring()


def described(error: Exception) -> str:
    """An error without the values it may quote: a refusal's own sentence, otherwise its class, constraint and place."""
    if isinstance(error, BusinessError):
        return f"{error.code}: {error}"[:500]
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    named = f" ({constraint})" if isinstance(error, DatabaseError) and constraint else ""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(str(settings.BASE_DIR))] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno} in {ours[-1].name}"
    return f"{type(error).__module__}.{type(error).__qualname__}{named} at {place}"[:500]
