"""Which account is whose. It decides who may not decide about his own absences."""

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.services import Inactive
from apps.events.bus import publish
from apps.kernel.errors import BusinessError
from apps.kernel.trail import because
from apps.workforce.events import AccountLinked
from apps.workforce.models import Employee
from apps.workforce.services.employment import HasLeft


class OwnAccount(BusinessError):
    """Nobody says which account is his own. Ask a colleague."""

    code = "own_account"
    about_access = True


class DecidesAboutAbsences(BusinessError):
    """Who decides about absences here does not say whose account is whose. Ask a colleague."""

    code = "decides_about_absences"
    about_access = True


class AccountTaken(BusinessError):
    """This account belongs to another employee."""

    code = "account_taken"


class NoPerson(BusinessError):
    """This is the account of a partner's system. Choose the account of a person."""

    code = "no_person"


@transaction.atomic
def link_account(employee: Employee, *, user: User | None, by: User, reason: str) -> Employee:
    """Without a user the employee has no account any more."""
    employee = Employee.objects.select_for_update().get(pk=employee.pk)
    _refuse_decider(employee, user, by)
    if user is not None:
        user = User.objects.select_for_update().get(pk=user.pk)
        _refuse_account(employee, user)
    with because(reason):
        employee.user = user
        employee.save(update_fields=["user", "updated_at"])
        account = str(user.pk) if user else None
        publish(AccountLinked(employee=str(employee.pk), user=account), unit=employee.unit_id)
    return employee


def _refuse_decider(employee: Employee, user: User | None, by: User) -> None:
    """Otherwise one could give one's own absences to somebody else, and approve them."""
    if by.pk in (employee.user_id, user.pk if user else None):
        raise OwnAccount
    if by.has_perm("workforce.approve_absence", employee):
        raise DecidesAboutAbsences


def _refuse_account(employee: Employee, user: User) -> None:
    if employee.has_left:
        raise HasLeft
    if user.kind != User.Kind.PERSON:
        raise NoPerson
    if not user.is_active:
        raise Inactive
    if Employee.objects.filter(user=user).exclude(pk=employee.pk).exists():
        raise AccountTaken
