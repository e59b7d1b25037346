"""Legal holds: what is not pruned although its period is over. Set and released with a reason, never changed."""

from datetime import date, datetime
from uuid import UUID

from django.apps import apps
from django.db import transaction

from apps.accounts.models import User
from apps.audit.models import LegalHold
from apps.kernel.errors import BusinessError
from apps.kernel.trail import because


class UnknownKind(BusinessError):
    """No records of this kind exist. Write it as in customers.customer."""

    code = "unknown_kind"


class PeriodReversed(BusinessError):
    """The period ends before it begins."""

    code = "period_reversed"


class WithoutReason(BusinessError):
    """A hold is set and released with a reason."""

    code = "without_reason"


class AlreadyReleased(BusinessError):
    """This hold was released already."""

    code = "already_released"


@transaction.atomic
def set_hold(
    *,
    reason: str,
    by: User | None,
    model: str = "",
    object_pk: str = "",
    subject: UUID | None = None,
    first_on: date | None = None,
    last_on: date | None = None,
) -> LegalHold:
    """Hold the entries that meet all of this; what is left out narrows nothing."""
    if not reason.strip():
        raise WithoutReason
    if first_on and last_on and last_on < first_on:
        raise PeriodReversed
    with because(reason):
        return LegalHold.objects.create(
            model=_label(model) if model else "",
            object_pk=object_pk.strip(),
            subject=subject,
            first_on=first_on,
            last_on=last_on,
            reason=reason,
            set_by=by,
        )


def _label(said: str) -> str:
    """A mistyped kind would hold nothing, and nobody would know."""
    try:
        return apps.get_model(said.strip().lower())._meta.label_lower
    except (LookupError, ValueError) as error:
        raise UnknownKind from error


@transaction.atomic
def release_hold(hold: LegalHold, *, reason: str, by: User | None, now: datetime) -> LegalHold:
    hold = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if hold.is_released:
        raise AlreadyReleased
    if not reason.strip():
        raise WithoutReason
    hold.released_at, hold.released_by, hold.release_reason = now, by, reason
    with because(reason):
        hold.save(update_fields=["released_at", "released_by", "release_reason", "updated_at"])
    return hold
