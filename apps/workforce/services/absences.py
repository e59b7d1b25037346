from datetime import date, datetime

from django.db import transaction

from apps.accounts.models import User
from apps.events.bus import publish
from apps.kernel.errors import BusinessError
from apps.workforce.events import AbsenceApproved, AbsenceRejected, AbsenceRequested, AbsenceShortened, AbsenceWithdrawn
from apps.workforce.models import Absence, Employee


class NotEmployedThen(BusinessError):
    """The employee does not work here on all of these days."""

    code = "not_employed_then"


class Overlaps(BusinessError):
    """The employee is away on some of these days already. Choose other days."""

    code = "overlaps"


class EndsBeforeItStarts(BusinessError):
    """An absence does not end before it starts."""

    code = "ends_before_it_starts"


class AlreadyDecided(BusinessError):
    """This absence has been decided already."""

    code = "already_decided"


class OwnAbsence(BusinessError):
    """Nobody decides about an absence of his own. Ask a colleague."""

    code = "own_absence"
    about_access = True


class NotStanding(BusinessError):
    """This absence was rejected or withdrawn. Nothing is left of it."""

    code = "not_standing"


class HasBegun(BusinessError):
    """This absence has begun. Shorten it."""

    code = "has_begun"


class NotApproved(BusinessError):
    """Only an approved absence is shortened. Withdraw a request and ask again."""

    code = "not_approved"


class NotShorter(BusinessError):
    """The new last day lies within the absence, before the present one."""

    code = "not_shorter"


@transaction.atomic
def request_absence(employee: Employee, *, kind: str, starts_on: date, ends_on: date) -> Absence:
    """The employee's row is the lock: two requests for the same days never both find them free."""
    if ends_on < starts_on:
        raise EndsBeforeItStarts
    employee = Employee.objects.select_for_update().get(pk=employee.pk)
    if starts_on < employee.hired_on or (employee.left_on is not None and ends_on > employee.left_on):
        raise NotEmployedThen
    if employee.absences.standing().touching(starts_on, ends_on).exists():
        raise Overlaps
    absence = Absence.objects.create(
        unit_id=employee.unit_id, employee=employee, kind=kind, starts_on=starts_on, ends_on=ends_on
    )
    publish(AbsenceRequested(absence=str(absence.pk)), unit=absence.unit_id)
    return absence


@transaction.atomic
def approve_absence(absence: Absence, *, by: User, now: datetime) -> Absence:
    absence = _decided(absence, state=Absence.State.APPROVED, by=by, now=now)
    publish(AbsenceApproved(absence=str(absence.pk)), unit=absence.unit_id)
    return absence


@transaction.atomic
def reject_absence(absence: Absence, *, by: User, now: datetime) -> Absence:
    absence = _decided(absence, state=Absence.State.REJECTED, by=by, now=now)
    publish(AbsenceRejected(absence=str(absence.pk)), unit=absence.unit_id)
    return absence


@transaction.atomic
def withdraw_absence(absence: Absence, *, today: date) -> Absence:
    """Give up a request, or approved days that have not begun; this anybody may do for himself."""
    absence = _locked(absence)
    if absence.state in (Absence.State.REJECTED, Absence.State.WITHDRAWN):
        raise NotStanding(state=absence.state)
    if absence.state == Absence.State.APPROVED and absence.starts_on <= today:
        raise HasBegun(allowed=["shorten"])
    absence.state = Absence.State.WITHDRAWN
    absence.save(update_fields=["state", "updated_at"])
    publish(AbsenceWithdrawn(absence=str(absence.pk)), unit=absence.unit_id)
    return absence


@transaction.atomic
def shorten_absence(absence: Absence, *, ends_on: date, by: User) -> Absence:
    absence = _locked(absence)
    if absence.state != Absence.State.APPROVED:
        raise NotApproved(state=absence.state)
    if absence.employee.user_id == by.pk:
        raise OwnAbsence
    if not absence.starts_on <= ends_on < absence.ends_on:
        raise NotShorter
    absence.ends_on = ends_on
    absence.save(update_fields=["ends_on", "updated_at"])
    publish(AbsenceShortened(absence=str(absence.pk)), unit=absence.unit_id)
    return absence


def _decided(absence: Absence, *, state: str, by: User, now: datetime) -> Absence:
    absence = _locked(absence)
    if absence.state != Absence.State.REQUESTED:
        raise AlreadyDecided(state=absence.state)
    if absence.employee.user_id == by.pk:
        raise OwnAbsence
    absence.state = state
    absence.decided_by = by
    absence.decided_at = now
    absence.save(update_fields=["state", "decided_by", "decided_at", "updated_at"])
    return absence


def _locked(absence: Absence) -> Absence:
    locked: Absence = Absence.objects.select_for_update(of=("self",)).select_related("employee").get(pk=absence.pk)
    return locked
