"""What a user's roles allow, and where: permission → paths of the units whose subtrees it covers."""

from typing import TYPE_CHECKING

import structlog
from django.contrib.auth.models import AnonymousUser

if TYPE_CHECKING:
    from apps.accounts.models import User


def _topmost(paths: set[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for path in sorted(paths):
        if not any(path.startswith(above) for above in kept):
            kept.append(path)
    return tuple(kept)


def held(user: "User | AnonymousUser") -> dict[str, tuple[str, ...]]:
    """Every permission of this user, read once per user object."""
    if not user.is_authenticated or not user.is_active:
        return {}
    if not hasattr(user, "_held"):
        paths: dict[str, set[str]] = {}
        rows = user.assignments.valid().values_list(
            "role__permissions__content_type__app_label", "role__permissions__codename", "unit__path"
        )
        for app_label, codename, path in rows:
            paths.setdefault(f"{app_label}.{codename}", set()).add(path)
        user._held = {permission: _topmost(found) for permission, found in paths.items()}
        structlog.contextvars.bind_contextvars(unit=" ".join(_topmost(set().union(*paths.values()))))
    return user._held


def held_paths(user: "User | AnonymousUser", permission: str) -> tuple[str, ...]:
    return held(user).get(permission, ())
