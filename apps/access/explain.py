"""Why somebody may do something, or not, in words."""

from dataclasses import dataclass, field
from datetime import datetime

from apps.access.grants import grant_model
from apps.access.models import Assignment, Unit, UnitRecord
from apps.access.querysets import valid_at
from apps.accounts.models import User


@dataclass
class Explanation:
    """The answer and what it rests on, one sentence each."""

    allowed: bool = False
    reasons: list[str] = field(default_factory=list)


def explain(user: User, permission: str, row: UnitRecord | Unit | None, at: datetime) -> Explanation:
    said = Explanation()
    if not user.is_active:
        said.reasons.append("The user is deactivated now, so nothing is allowed at present.")
    path = _path(row)
    for assignment in _carrying(user, permission):
        _weigh(said, assignment, path, at)
    if isinstance(row, UnitRecord):
        _weigh_grants(said, user, permission, row, at)
    if not said.reasons:
        said.reasons.append(f"No role and no grant of this user carries {permission}.")
    said.allowed = said.allowed and user.is_active
    return said


def _path(row: UnitRecord | Unit | None) -> str | None:
    if row is None:
        return None
    return row.path if isinstance(row, Unit) else row.unit.path


def _carrying(user: User, permission: str) -> list[Assignment]:
    app_label, codename = permission.split(".", 1)
    return list(
        user.assignments.filter(
            role__permissions__codename=codename, role__permissions__content_type__app_label=app_label
        )
        .select_related("role", "unit")
        .order_by("unit__path", "role__name")
    )


def _weigh(said: Explanation, assignment: Assignment, path: str | None, at: datetime) -> None:
    held = f"The role {assignment.role.name} in {assignment.unit.path}"
    validity = _validity(assignment.valid_from, assignment.valid_until)
    if not Assignment.objects.filter(valid_at(at), pk=assignment.pk).exists():
        said.reasons.append(f"{held} carries it but was not valid at {at.isoformat()} ({validity}).")
    elif path is not None and not path.startswith(assignment.unit.path):
        said.reasons.append(f"{held} carries it ({validity}), but {path} is not below that unit.")
    else:
        said.allowed = True
        said.reasons.append(f"{held} carries it ({validity}).")


def _weigh_grants(said: Explanation, user: User, permission: str, row: UnitRecord, at: datetime) -> None:
    action, _underscore, _model = permission.split(".", 1)[1].rpartition("_")
    root = getattr(row, row.granted_through) if row.granted_through else row
    grants = grant_model(type(root))
    if grants is None:
        return
    codename = f"{action}_{root._meta.model_name}"
    for given in grants.objects.filter(user=user, permission__codename=codename, content_object=root):
        validity = _validity(given.valid_from, given.valid_until)
        if grants.objects.filter(valid_at(at), pk=given.pk).exists():
            said.allowed = True
            said.reasons.append(f"A grant of {codename} on {root} opens it ({validity}).")
        else:
            said.reasons.append(f"A grant of {codename} on {root} was not valid at {at.isoformat()} ({validity}).")


def _validity(begins: datetime, ends: datetime | None) -> str:
    until = f"until {ends.isoformat(timespec='minutes')}" if ends else "without end"
    return f"from {begins.isoformat(timespec='minutes')} {until}"
