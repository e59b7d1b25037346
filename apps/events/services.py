"""What people may do with background work."""

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from apps.events import work as running
from apps.events.bell import ring
from apps.events.models import Work
from apps.kernel.errors import BusinessError
from apps.kernel.trail import Action, because, record


class NotStopped(BusinessError):
    """Only parked, refused, cancelled or missed work can be run again."""

    code = "not_stopped"


class AlreadyFinished(BusinessError):
    """This work is over."""

    code = "already_finished"


@transaction.atomic
def retry(work: Work) -> Work:
    """Run stopped work again, with as many attempts as it had at first."""
    work = Work.objects.select_for_update(of=("self",)).get(pk=work.pk)
    if work.state not in {Work.State.PARKED, Work.State.REFUSED, Work.State.CANCELLED, Work.State.MISSED}:
        raise NotStopped
    known = running.jobs.get(work.name)
    work.max_attempts = work.attempts + (known.attempts if known else settings.WORK_ATTEMPTS)
    _note(work, "retry")
    work.state, work.finished_at, work.cancel_asked = Work.State.READY, None, False
    work.due_at = Now()
    work.save(update_fields=["state", "finished_at", "cancel_asked", "due_at", "max_attempts", "updated_at"])
    work.refresh_from_db()
    ring()
    return work


@transaction.atomic
def cancel(work: Work) -> Work:
    """Stop it: at once when it has not begun, at its next word about its progress when it runs."""
    work = _unfinished(work)
    _note(work, "cancel")
    if work.state == Work.State.READY:
        work.state, work.finished_at = Work.State.CANCELLED, Now()
    work.cancel_asked = True
    work.save(update_fields=["state", "finished_at", "cancel_asked", "updated_at"])
    work.refresh_from_db()
    ring()
    return work


@transaction.atomic
def park(work: Work, *, reason: str) -> Work:
    """Set waiting work aside by hand, so that what waits behind it goes on."""
    work = _unfinished(work)
    with because(reason):
        _note(work, "park")
        running.park(work, reason)
    work.refresh_from_db()
    return work


def _note(work: Work, decision: str) -> None:
    """Work itself is not tracked, its states change too often: what somebody decides about it is."""
    details = {"decision": decision, "job": work.name, "state": work.state}
    record(Action.OPERATED, model="events.work", objects=[work.pk], details=details)


def _unfinished(work: Work) -> Work:
    work = Work.objects.select_for_update(of=("self",)).select_related("event").get(pk=work.pk)
    if work.finished_at is not None:
        raise AlreadyFinished
    return work
