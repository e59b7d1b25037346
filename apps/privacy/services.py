"""The life of a request for access: opened, gathered, handed over once, and over."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.events import services as work_services
from apps.events.bus import publish
from apps.events.work import Cancelled, Work, enqueue
from apps.files import services as files
from apps.files.models import StoredFile
from apps.kernel.errors import BusinessError
from apps.kernel.trail import Action, because, record
from apps.privacy.deadlines import PRESENT, due_on
from apps.privacy.events import RequestFulfilled, RequestOpened
from apps.privacy.models import PrivacyRequest
from apps.privacy.package import write_package
from apps.privacy.subjects import person_named, resolve, snapshot

KEPT = timedelta(days=5)
MOST_SUBJECTS = 50
State = PrivacyRequest.State


class NobodyNamed(BusinessError):
    """Choose at least one record of the person, and at most fifty."""

    code = "nobody_named"


class ReceivedLater(BusinessError):
    """A request cannot be received in the future."""

    code = "received_later"


class AlreadyAnswered(BusinessError):
    """This request is over."""

    code = "already_answered"


class NotReady(BusinessError):
    """There is no package to fetch for this request."""

    code = "not_ready"


@transaction.atomic
def open_request(
    subjects: Sequence[str], *, received_on: date, by: User | None, today: date, note: str = ""
) -> PrivacyRequest:
    """Take the request, start its clock at the day of receipt, and have the package made."""
    named = list(dict.fromkeys(subjects))
    if not 0 < len(named) <= MOST_SUBJECTS:
        raise NobodyNamed
    if received_on > today:
        raise ReceivedLater
    for said in named:
        person_named(said)
    request = PrivacyRequest.objects.create(
        subjects=named,
        received_on=received_on,
        due_on=due_on(received_on),
        rule=PRESENT.key,
        asked_by=by,
        note=note,
    )
    request.work = enqueue("privacy.export", request=str(request.pk)).pk
    request.save(update_fields=["work", "updated_at"])
    publish(RequestOpened(request=str(request.pk)))
    return request


def fulfil_access(key: UUID, *, work: Work) -> dict[str, int]:
    """Gather the package from one snapshot and put it away. Whatever fails before its end leaves none."""
    gathered = PrivacyRequest.objects.using(work.aside).filter(pk=key, state__in=PrivacyRequest.GATHERED)
    gathered.update(state=State.RUNNING, updated_at=timezone.now())
    request = PrivacyRequest.objects.get(pk=key)
    with connection.cursor() as cursor:
        # The snapshot's connection is the one that works meanwhile, for as long as it takes.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    with TemporaryFile() as package, snapshot() as alias:
        person = resolve([person_named(said) for said in request.subjects], using=alias)
        report = write_package(
            package, person, export=request.pk, request=str(request.pk), regime=request.rule, progress=work.progress
        )
        request = _locked(request)
        if request.state not in PrivacyRequest.GATHERED:
            raise Cancelled
        request.package = files.store(
            package,
            name=f"dsar-{request.pk}.zip",
            content_type="application/zip",
            purpose="privacy.export",
            owner_label="privacy.privacyrequest",
            owner=request.pk,
            expires_at=timezone.now() + KEPT,
        )
    request.state = State.READY
    request.rows, request.missing = sum(report.rows.values()), len(report.missing)
    request.redacted, request.withheld = report.redacted.total(), report.withheld.total()
    request.save()
    publish(RequestFulfilled(request=str(request.pk)))
    return {"rows": request.rows, "redacted": request.redacted, "withheld": request.withheld}


@transaction.atomic
def download(request: PrivacyRequest, *, now: datetime) -> IO[bytes]:
    """Hand the package over, for the only time, and enter into the trail of each of the person's rows that it left."""
    request = _locked(request)
    if request.state != State.READY or request.package is None:
        raise NotReady(state=request.state)
    content = files.take(request.package, now=now)
    request.state, request.finished_at = State.DELIVERED, now
    request.save(update_fields=["state", "finished_at", "updated_at"])
    details = {"request": str(request.pk), "sha256": request.package.sha256}
    with because("access export"):
        record(Action.EXPORT, model="privacy.privacyrequest", objects=[request.pk], details=details)
        for said in request.subjects:
            label, _, key = said.partition(":")
            record(Action.EXPORT, model=label, objects=[key], details=details)
    return content


@transaction.atomic
def cancel_request(request: PrivacyRequest, *, reason: str, now: datetime) -> PrivacyRequest:
    """End it without an answer: its job stops, and a package that is there already is deleted."""
    request = _locked(request)
    if request.is_answered:
        raise AlreadyAnswered
    request.state, request.reason, request.finished_at = State.CANCELLED, reason, now
    request.save(update_fields=["state", "reason", "finished_at", "updated_at"])
    for running in Work.objects.filter(pk__in=[request.work], finished_at=None):
        work_services.cancel(running)
    _delete_package(request.package)
    return request


@transaction.atomic
def give_up(work: UUID) -> None:
    """The job was set aside after its last attempt. The clock goes on; running the job again mends the request."""
    PrivacyRequest.objects.filter(work=work, state__in=(State.RECEIVED, State.RUNNING)).update(
        state=State.FAILED, updated_at=timezone.now()
    )


@transaction.atomic
def expire(*, now: datetime) -> int:
    """End what was not fetched in its days, and delete the package of every request that is over in any way."""
    late = PrivacyRequest.objects.select_for_update(of=("self",)).filter(
        state=State.READY, package__expires_at__lte=now
    )
    expired = 0
    for request in late.order_by("pk"):
        request.state, request.finished_at = State.EXPIRED, now
        request.save(update_fields=["state", "finished_at", "updated_at"])
        expired += 1
    over = PrivacyRequest.objects.exclude(state__in=PrivacyRequest.UNANSWERED).filter(
        package__isnull=False, package__deleted_at=None
    )
    for request in over.select_related("package"):
        _delete_package(request.package)
    return expired


def _locked(request: PrivacyRequest) -> PrivacyRequest:
    return PrivacyRequest.objects.select_related("package").select_for_update(of=("self",)).get(pk=request.pk)


def _delete_package(package: StoredFile | None) -> None:
    if package is not None:
        transaction.on_commit(lambda: files.delete(package), robust=True)
