"""What a user's roles allow, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from apps.access.organisation import VERSION, Organisation, organisation

if TYPE_CHECKING:
    from apps.access.models import Unit
    from apps.accounts.models import User

VALID = "a.valid_from <= %(now)s AND (a.valid_until IS NULL OR a.valid_until > %(now)s)"
_READ = f"""
SELECT {VERSION}, a.role_id, a.unit_id
FROM (SELECT) AS once LEFT JOIN access_assignment a ON a.user_id = %(user)s AND {VALID}
"""  # noqa: S608


def _topmost(paths: Iterable[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for path in sorted(paths):
        if not any(path.startswith(above) for above in kept):
            kept.append(path)
    return tuple(kept)


@dataclass(frozen=True)
class Roles:
    """The roles that somebody holds at this moment."""

    organisation: Organisation
    held: tuple[tuple[int, UUID], ...]
    """Role and unit of each assignment."""

    def units(self, permission: str) -> frozenset[UUID]:
        """Every unit in which a role carries the permission (`app.codename`)."""
        allowed, below = self.organisation.allowed, self.organisation.below
        found = [below[unit] for role, unit in self.held if permission in allowed.get(role, ())]
        return found[0] if len(found) == 1 else frozenset().union(*found)

    def unit(self, key: UUID) -> "Unit":
        """A unit known from the tree. What else there is to it is read when somebody asks."""
        model = apps.get_model("access", "Unit")
        return model.from_db(connection.alias, ("id", "path"), (key, self.organisation.paths[key]))

    def covers_all(self, units: frozenset[UUID]) -> bool:
        return bool(units) and len(units) == len(self.organisation.paths)

    @cached_property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """Every permission → paths of the units whose subtrees it covers."""
        found: dict[str, set[str]] = {}
        for role, unit in self.held:
            for permission in self.organisation.allowed.get(role, ()):
                found.setdefault(permission, set()).add(self.organisation.paths[unit])
        return {permission: _topmost(paths) for permission, paths in found.items()}


NONE = Roles(Organisation(), ())


def take_roles(user: "User", version: UUID | None, held: Iterable[tuple[int | None, UUID | None]]) -> Roles:
    """Keep on the user what was read with him; an assignment of nothing stands for no assignment."""
    known = organisation(version)
    user._roles = Roles(known, tuple((role, unit) for role, unit in held if role and unit in known.paths))
    structlog.contextvars.bind_contextvars(unit=" ".join(_topmost({known.paths[unit] for _, unit in user._roles.held})))
    return user._roles


def roles_of(user: "User | AnonymousUser") -> Roles:
    """Read once for each user object."""
    if not user.is_authenticated or not user.is_active:
        return NONE
    if hasattr(user, "_roles"):
        return user._roles
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"user": user.pk, "now": timezone.now()})
        rows = cursor.fetchall()
    return take_roles(user, rows[0][0], [(role, unit) for _version, role, unit in rows])


def held(user: "User | AnonymousUser") -> dict[str, tuple[str, ...]]:
    """Every permission of this user → paths of the units whose subtrees it covers."""
    return roles_of(user).paths


def held_paths(user: "User | AnonymousUser", permission: str) -> tuple[str, ...]:
    roles = roles_of(user)
    return _topmost({roles.organisation.paths[unit] for unit in roles.units(permission)})
