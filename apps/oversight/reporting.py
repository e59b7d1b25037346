"""A report is saved, made when somebody asks or when it is due, told to its recipients, and taken."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from apps.accounts.models import User
from apps.audit.progress import Paced, Progress
from apps.audit.reports.formats import FORMATS, about, make
from apps.audit.reports.kind import Kind, Report, ask
from apps.audit.reports.kinds import KINDS
from apps.events.models import Work
from apps.events.services import AlreadyFinished
from apps.events.services import cancel as cancel_work
from apps.events.work import enqueue
from apps.files import services as files
from apps.kernel.errors import BusinessError, NotPermitted
from apps.kernel.trail import Action, record
from apps.notifications.services import holders, notify
from apps.oversight.models import ReportDefinition, ReportRun

RUN, TAKE = "oversight.run_reportdefinition", "oversight.download_reportrun"
KEPT = timedelta(days=14)
KEPT_RUNS = timedelta(days=365)
COUNTED = ("csv", "jsonl", "xlsx")
Schedule, Period = ReportDefinition.Schedule, ReportDefinition.Period
Moments = tuple[datetime | None, datetime | None]


class NoSuchReport(BusinessError):
    """Reports of this kind, or in this form, are not made any more. Save it anew."""

    code = "no_such_report"


class NotARecipient(BusinessError):
    """Only people whose role lets them take reports receive one."""

    code = "not_a_recipient"


class AlreadyRunning(BusinessError):
    """This report is being made already. Wait for it, or stop it."""

    code = "already_running"


class NotMade(BusinessError):
    """There is no file: the report has not been made yet, was refused or stopped, or is over."""

    code = "report_not_made"


def kind_of(definition: ReportDefinition) -> Kind:
    if definition.kind not in KINDS or definition.format not in FORMATS:
        raise NoSuchReport
    return KINDS[definition.kind]


def receivers() -> QuerySet[User]:
    return holders(TAKE)


@transaction.atomic
def save(definition: ReportDefinition, *, recipients: Iterable[User] | None, now: datetime) -> ReportDefinition:
    """Keep the wish as keys, and say when it is due. `recipients` stay as they are when none are given."""
    kind = kind_of(definition)
    definition.parameters = dict(ask(kind, definition.parameters, since=definition.since, until=definition.until).said)
    definition.due_at = next_due(definition.schedule, now)
    definition.full_clean(exclude=["owner"], validate_unique=False)
    definition.save()
    if recipients is not None:
        wanted = list(recipients)
        if {user.pk for user in wanted} - {user.pk for user in receivers()}:
            raise NotARecipient
        definition.recipients.set(wanted)
    return definition


@transaction.atomic
def run_now(definition: ReportDefinition, *, by: User, now: datetime) -> ReportRun:
    definition = ReportDefinition.objects.select_for_update().get(pk=definition.pk)
    kind_of(definition)
    if Work.objects.unfinished().filter(pk__in=definition.runs.values("work")).exists():
        raise AlreadyRunning
    since, until = moments_of(definition, now)
    return _begin(ReportRun(definition=definition, since=since, until=until, requested_by=by))


def cancel(run: ReportRun) -> ReportRun:
    """Stop it, whoever asked for it. Nothing of it remains."""
    if run.work is None:
        raise AlreadyFinished
    cancel_work(run.work)
    return run


@transaction.atomic
def run_due(*, now: datetime) -> int:
    """Begin what is due. Of several times that were slept through only the last one is made."""
    due = ReportDefinition.objects.filter(due_at__lte=now).select_for_update(skip_locked=True)
    begun = 0
    for definition in due.order_by("due_at"):
        slot = _last(definition.schedule, now)
        if not definition.runs.filter(due_at=slot).exists():
            since, until = moments_of(definition, slot)
            _begin(ReportRun(definition=definition, due_at=slot, since=since, until=until))
            begun += 1
            if not may_be_made(definition):
                _warn(definition)
        definition.due_at = next_due(definition.schedule, now)
        definition.save(update_fields=["due_at", "updated_at"])
    return begun


def may_be_made(definition: ReportDefinition) -> bool:
    """Whether its owner still has the right under which it is made when it is due."""
    return bool(definition.owner.has_perm(RUN))


def _begin(run: ReportRun) -> ReportRun:
    run.format = run.definition.format
    run.save()
    run.work = enqueue("oversight.report", run=str(run.pk))
    run.save(update_fields=["work", "updated_at"])
    return run


def moments_of(definition: ReportDefinition, at: datetime) -> Moments:
    """From and until, in days, weeks and months of the house."""
    if definition.period == Period.FIXED:
        return definition.since, definition.until
    schedule = {Period.DAY: Schedule.DAILY, Period.WEEK: Schedule.WEEKLY, Period.MONTH: Schedule.MONTHLY}
    over = schedule[Period(definition.period)]
    until = _last(over, at)
    return _last(over, until - timedelta(hours=12)), until


def _last(schedule: str, moment: datetime) -> datetime:
    """The last midnight at which this was due."""
    day = timezone.localtime(moment, timezone.get_default_timezone()).date()
    if schedule == Schedule.WEEKLY:
        day -= timedelta(days=day.weekday())
    elif schedule == Schedule.MONTHLY:
        day = day.replace(day=1)
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_default_timezone())


def next_due(schedule: str, moment: datetime) -> datetime | None:
    if schedule == Schedule.NONE:
        return None
    longest = {Schedule.DAILY: 1, Schedule.WEEKLY: 7, Schedule.MONTHLY: 31}[Schedule(schedule)]
    return _last(schedule, _last(schedule, moment) + timedelta(days=longest, hours=12))


def carry_out(key: UUID, *, progress: Callable[[int, int | None, str], None]) -> dict[str, object]:
    """Make the report under the rights that its requester, or its owner when it was due, has now."""
    run = ReportRun.objects.select_related("definition__owner", "requested_by").get(pk=key)
    definition, by = run.definition, run.requested_by or run.definition.owner
    if not by.has_perm(RUN):
        raise NotPermitted
    report = ask(kind_of(definition), definition.parameters, since=run.since, until=run.until)
    now = timezone.now()
    with TemporaryFile() as stream:
        told = about(report, asked_by=by.name or by.email, made_at=now)
        run.entries = make(stream, report, run.format, told, _paced(report, run.format, progress))
        form = FORMATS[run.format]
        run.file = files.store(
            stream,
            name=f"{slugify(definition.kind)}-{now:%Y-%m-%d}.{form.suffix}",
            content_type=form.content_type,
            purpose="oversight.report",
            owner_label=run._meta.label_lower,
            owner=run.pk,
            expires_at=now + KEPT,
        )
    run.save(update_fields=["file", "entries", "updated_at"])
    _tell(run)
    return {"entries": run.entries, "run": str(run.pk)}


def _paced(report: Report, form: str, say: Callable[[int, int | None, str], None]) -> Progress:
    say(0, None, "")
    is_counted = form in COUNTED and report.kind.table is None
    return Paced(say, report.entries.order_by().count() if is_counted else None)


def _tell(run: ReportRun) -> None:
    """Those who may take it now. What is in it is not said."""
    notify(
        receivers().filter(pk__in=run.definition.recipients.values("pk")),
        about=run.pk,
        sentence=f"A report of the audit trail is ready for you, with {run.entries} entries. It is kept for 14 days.",
        path=f"/admin/oversight/reportrun/{run.pk}/change/",
    )


def _warn(definition: ReportDefinition) -> None:
    """The owner, and those who wait for it in vain. Its page may be closed to them by now, so there is no link."""
    waiting = Q(pk=definition.owner_id) | Q(pk__in=definition.recipients.values("pk"))
    notify(
        User.objects.filter(waiting, is_active=True),
        about=definition.pk,
        sentence="A saved report that is yours or that you receive is not made any more: its owner may not have reports"
        " made. Ask for the role again, or let somebody who has it save the report anew.",
    )


def download(run: ReportRun, *, by: User, now: datetime) -> IO[bytes]:
    """The file, while the reader may take reports. Each time is recorded."""
    if not by.has_perm(TAKE):
        raise NotPermitted
    if run.file is None:
        raise NotMade
    content = files.read(run.file, now=now)
    details = {"report": str(run.definition_id), "run": str(run.pk), "step": "taken", "entries": run.entries}
    record(Action.EXPORT, model="audit.auditevent", details={"form": run.format, **details})
    return content


def prune(*, now: datetime) -> int:
    """Delete what is a year old; the files are gone before."""
    return ReportRun.objects.filter(created_at__lt=now - KEPT_RUNS).delete()[0]
