"""The one place where Django asks whether somebody may do something."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model

from apps.access.models import UnitRecord
from apps.access.roles import held, held_paths, roles_of

if TYPE_CHECKING:
    from apps.accounts.models import User


class RoleBackend(BaseBackend):
    """Without a row: may the user do this anywhere? With a row: here? With a unit: in this unit?"""

    def has_perm(self, user_obj: "User | AnonymousUser", perm: str, obj: Model | None = None) -> bool:
        """Nobody else is asked after a no: a user's own permissions and groups stay empty."""
        if not self._holds(user_obj, perm, obj):
            raise PermissionDenied
        return True

    def has_module_perms(self, user_obj: "User | AnonymousUser", app_label: str) -> bool:
        return any(permission.startswith(f"{app_label}.") for permission in held(user_obj))

    def get_all_permissions(self, user_obj: "User | AnonymousUser", obj: Any = None) -> set[str]:
        return {permission for permission in held(user_obj) if obj is None or self._holds(user_obj, permission, obj)}

    def _holds(self, user_obj: "User | AnonymousUser", perm: str, obj: Model | None) -> bool:
        units = roles_of(user_obj).units(perm)
        if obj is None:
            return bool(units)
        if isinstance(obj, UnitRecord):
            return obj.unit_id in units or self._granted(user_obj, perm, obj)
        path = getattr(obj, "path", None)
        return path.startswith(held_paths(user_obj, perm)) if isinstance(path, str) else bool(units)

    def _granted(self, user: "User | AnonymousUser", perm: str, row: UnitRecord) -> bool:
        action = perm.split(".", 1)[1].rsplit("_", 1)[0]
        granted = type(row).objects.granted_to(user, action)
        return granted is not None and type(row).objects.filter(granted, pk=row.pk).exists()
