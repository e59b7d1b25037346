"""Who gets which role where, and where units stand. Nobody gives more than he holds, and never to himself."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone

from apps.access.events import RoleAssigned, RoleEnded, RowGranted, RowRevoked, UnitMoved
from apps.access.grants import grant_model
from apps.access.models import Assignment, ObjectGrant, Unit, UnitRecord
from apps.access.querysets import valid_at
from apps.access.roles import held
from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.events.bus import publish
from apps.kernel.errors import BusinessError
from apps.kernel.registry import Role, domains
from apps.kernel.trail import because

ADMINISTRATOR = "administrator"


class OutsideYourUnits(BusinessError):
    """You may not decide about access in this unit."""

    code = "outside_your_units"
    about_access = True


class MoreThanYouHold(BusinessError):
    """You cannot give a permission that you do not hold here yourself."""

    code = "more_than_you_hold"
    about_access = True


class YourOwnAccess(BusinessError):
    """Nobody decides about his own access. Ask another administrator."""

    code = "your_own_access"
    about_access = True


class OnlyAtTheRoot(BusinessError):
    """A platform role is held over the whole organisation. Choose the topmost unit."""

    code = "only_at_the_root"


class StrongerAccount(BusinessError):
    """This user may do things that you may not. An administrator decides about this account."""

    code = "stronger_account"
    about_access = True


class AlreadyAssigned(BusinessError):
    """The user holds this role in this unit already."""

    code = "already_assigned"


class AlreadyEnded(BusinessError):
    """This assignment has ended already."""

    code = "already_ended"


class LastAdministrator(BusinessError):
    """This is the last administrator. Appoint another one first."""

    code = "last_administrator"
    about_access = True


class UnknownRole(BusinessError):
    """No app declares this role any more, so it cannot be assigned."""

    code = "unknown_role"


class ServiceInPlatformRole(BusinessError):
    """A platform role is held by a person with a second factor, never by a partner's system."""

    code = "service_in_platform_role"
    about_access = True


class NotGrantable(BusinessError):
    """Rows of this kind take no grants, or there is no such permission on them."""

    code = "not_grantable"


class EndsBeforeItBegins(BusinessError):
    """The end lies before the beginning."""

    code = "ends_before_it_begins"


class RootExists(BusinessError):
    """The organisation has its topmost unit already. Say below which unit this one stands."""

    code = "root_exists"


class UnitTaken(BusinessError):
    """A unit of this name or short name exists already. Choose another."""

    code = "unit_taken"


class WithinItself(BusinessError):
    """A unit cannot stand below itself, and the topmost unit stays where it is."""

    code = "within_itself"


def platform_roles() -> set[str]:
    return {role.slug for _label, role in domains.roles() if role.platform}


def declared_role(slug: str) -> Role:
    for _label, role in domains.roles():
        if role.slug == slug:
            return role
    raise UnknownRole


def demands_second_factor(user: User) -> bool:
    return user.assignments.valid().filter(role__name__in=platform_roles()).exists()


def may_manage(by: User, user: User) -> bool:
    """Whether `by` holds everything that `user` holds, or is an administrator: nobody takes over a stronger account."""
    if by.has_perm("access.delegate_assignment"):
        return True
    mine, theirs = held(by), held(user)
    return all(path.startswith(mine.get(permission, ())) for permission, paths in theirs.items() for path in paths)


def people_seen_by(user: User) -> QuerySet[User]:
    """Everybody for whom the role covers the whole organisation, otherwise those who hold a role in his units."""
    units = Unit.objects.permitted(user, "accounts.view_user")
    members = Assignment.objects.valid().filter(user=OuterRef("pk"), unit__in=units.values("pk"))
    return User.objects.filter(Exists(units.filter(parent=None)) | Exists(members))


def check_managed(by: User, user: User) -> None:
    if not may_manage(by, user):
        raise StrongerAccount


@transaction.atomic
def deactivate(user: User, *, by: User, reason: str) -> User:
    if by.pk == user.pk:
        raise YourOwnAccess
    check_managed(by, user)
    with because(reason):
        return accounts.deactivate(user)


@transaction.atomic
def activate(user: User, *, by: User, reason: str) -> User:
    check_managed(by, user)
    with because(reason):
        return accounts.activate(user)


@transaction.atomic
def sign_out(user: User, *, by: User, reason: str) -> None:
    """End the sessions and revoke the tokens of somebody, for instance after a laptop was lost."""
    check_managed(by, user)
    with because(reason):
        accounts.credentials_changed(user)


@transaction.atomic
def create_unit(*, name: str, slug: str, parent: Unit | None = None) -> Unit:
    units = Unit.objects.select_for_update()
    if parent is None:
        if units.exists():
            raise RootExists
        path = f"/{slug}/"
    else:
        parent = units.get(pk=parent.pk)
        path = f"{parent.path}{slug}/"
    if units.filter(Q(slug=slug) | Q(parent=parent, name=name)).exists():
        raise UnitTaken
    return Unit.objects.create(name=name, slug=slug, parent=parent, path=path)


@transaction.atomic
def move_unit(unit: Unit, *, below: Unit, reason: str) -> Unit:
    """The unit and everything under it; rows and assignments stay with their units."""
    known = {row.pk: row for row in Unit.objects.select_for_update().order_by("path")}
    unit, below = known[unit.pk], known[below.pk]
    if unit.parent_id is None or below.path.startswith(unit.path):
        raise WithinItself
    if any(row.parent_id == below.pk and row.name == unit.name and row.pk != unit.pk for row in known.values()):
        raise UnitTaken
    old, new = unit.path, f"{below.path}{unit.slug}/"
    with because(reason):
        Unit.objects.filter(pk=unit.pk).update(parent=below, updated_at=timezone.now())
        Unit.objects.filter(path__startswith=old).update(path=Concat(Value(new), Substr("path", len(old) + 1)))
        publish(UnitMoved(unit=str(unit.pk)), unit=unit.pk)
    unit.refresh_from_db()
    return unit


@transaction.atomic
def assign_role(
    user: User,
    *,
    role: str,
    unit: Unit,
    by: User | None,
    reason: str = "",
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> Assignment:
    """`by` is the person who decides; `None` is the installation itself."""
    user = User.objects.select_for_update().get(pk=user.pk)
    begins = valid_from or timezone.now()
    if valid_until is not None and valid_until <= begins:
        raise EndsBeforeItBegins
    _check_role(declared_role(role), user, unit)
    if by is not None:
        _check_giver(by, user, unit, _permissions_of(role))
    present = Assignment.objects.select_for_update().filter(user=user, role__name=role, unit=unit).first()
    if present is not None and (present.valid_until is None or present.valid_until > timezone.now()):
        raise AlreadyAssigned
    with because(reason):
        assignment = present or Assignment(user=user, role=Group.objects.get(name=role), unit=unit)
        assignment.valid_from, assignment.valid_until, assignment.granted_by = begins, valid_until, by
        assignment.save()
        publish(RoleAssigned(user=str(user.pk), role=role, unit=str(unit.pk)), unit=unit.pk)
    return assignment


@transaction.atomic
def end_assignment(assignment: Assignment, *, by: User | None, reason: str = "") -> Assignment:
    """At once: the next request of the user is refused."""
    administrators = list(Assignment.objects.select_for_update().filter(role__name=ADMINISTRATOR).order_by("pk"))
    assignment = Assignment.objects.select_for_update(of=("self",)).select_related("unit", "role").get(pk=assignment.pk)
    if by is not None:
        if by.pk == assignment.user_id:
            raise YourOwnAccess
        if not by.has_perm("access.end_assignment", assignment.unit):
            raise OutsideYourUnits
    now = timezone.now()
    if assignment.valid_until is not None and assignment.valid_until <= now:
        raise AlreadyEnded
    if assignment in administrators and not _other_administrators(assignment.user):
        raise LastAdministrator
    role, unit = assignment.role.name, assignment.unit_id
    with because(reason):
        if assignment.valid_from >= now:
            assignment.delete()
        else:
            assignment.valid_until = now
            assignment.save(update_fields=["valid_until", "updated_at"])
        publish(RoleEnded(user=str(assignment.user_id), role=role, unit=str(unit)), unit=unit)
    return assignment


@transaction.atomic
def grant(
    user: User,
    *,
    permission: str,
    row: UnitRecord,
    by: User | None,
    reason: str = "",
    valid_until: datetime | None = None,
) -> ObjectGrant:
    """One permission (a codename of the row's model) on one row."""
    grants, wanted = _grants_on(row), _permission_on(row, permission)
    if valid_until is not None and valid_until <= timezone.now():
        raise EndsBeforeItBegins
    if by is not None:
        _check_giver(by, user, row.unit, {f"{row._meta.app_label}.{permission}"}, row=row)
    with because(reason):
        given: ObjectGrant
        given, _created = grants.objects.update_or_create(
            user=user,
            permission=wanted,
            content_object=row,
            defaults={"valid_from": timezone.now(), "valid_until": valid_until},
        )
        publish(RowGranted(user=str(user.pk), permission=permission, row=str(row.pk)), unit=row.unit_id)
    return given


@transaction.atomic
def revoke(user: User, *, permission: str, row: UnitRecord, by: User | None, reason: str = "") -> None:
    grants, wanted = _grants_on(row), _permission_on(row, permission)
    if by is not None:
        if by.pk == user.pk:
            raise YourOwnAccess
        if not by.has_perm("access.end_assignment", row.unit):
            raise OutsideYourUnits
    with because(reason):
        gone, _by_model = grants.objects.filter(user=user, permission=wanted, content_object=row).delete()
        if gone:
            publish(RowRevoked(user=str(user.pk), permission=permission, row=str(row.pk)), unit=row.unit_id)


def last_administrator(user: User) -> LastAdministrator | None:
    """The objection to deactivating somebody."""
    administrators = Assignment.objects.select_for_update().filter(role__name=ADMINISTRATOR).order_by("pk")
    holds = any(assignment.user_id == user.pk for assignment in administrators)
    return LastAdministrator() if holds and not _other_administrators(user) else None


def _other_administrators(user: User) -> bool:
    """Somebody else who can administer now and whose appointment has no end."""
    return (
        Assignment.objects.filter(valid_at(timezone.now()), role__name=ADMINISTRATOR, user__is_active=True)
        .filter(valid_until=None)
        .exclude(user=user)
        .exists()
    )


def _check_role(role: Role, user: User, unit: Unit) -> None:
    if role.platform and unit.parent_id is not None:
        raise OnlyAtTheRoot
    if role.platform and user.kind == User.Kind.SERVICE:
        raise ServiceInPlatformRole


def _check_giver(by: User, user: User, unit: Unit, permissions: set[str], row: Any = None) -> None:
    if by.pk == user.pk:
        raise YourOwnAccess
    if not by.has_perm("access.add_assignment", unit):
        raise OutsideYourUnits
    if by.has_perm("access.delegate_assignment", unit):
        return
    if not all(by.has_perm(permission, row or unit) for permission in permissions):
        raise MoreThanYouHold


def _permissions_of(role: str) -> set[str]:
    names = Permission.objects.filter(group__name=role).values_list("content_type__app_label", "codename")
    return {f"{app_label}.{codename}" for app_label, codename in names}


def _grants_on(row: UnitRecord) -> Any:
    grants = grant_model(type(row))
    if grants is None:
        raise NotGrantable
    return grants


def _permission_on(row: UnitRecord, codename: str) -> Permission:
    meta = row._meta
    found = Permission.objects.filter(
        content_type__app_label=meta.app_label, content_type__model=meta.model_name, codename=codename
    ).first()
    if found is None or codename.startswith("add_"):
        raise NotGrantable
    return found
